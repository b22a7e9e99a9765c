# scband: `make run` plays, `make test` checks; both set up what they need first.
SHELL := /bin/bash
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
CHART ?= examples/charts/autumn_walk.txt
ARGS ?= --choruses 2

.PHONY: help setup system browser run test check bench soak doctor clean

help:  ## list these targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

system:
	@.ci/install-system

setup: system $(READY)  ## install SuperCollider, JACK, the virtual environment and the package

$(READY): pyproject.toml .ci/make-venv
	@.ci/make-venv $(VENV)
	@touch $@

run: setup  ## play a chart live: make run CHART=path ARGS="--style rock --input take.wav"
	@$(BIN)/scband live $(CHART) $(ARGS)

browser:
	@.ci/install-system tests

test: setup browser  ## check the code and run every test but the soak tests
	@$(MAKE) --no-print-directory check
	@$(BIN)/python -m pytest

check: setup  ## lint, format, types, import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: setup  ## measure timing, sounds, players, voicing, listening (some minutes): make bench BENCH=timing
	@$(BIN)/python benchmarks $(BENCH)

soak: setup  ## the long tests
	@$(BIN)/python -m pytest -m soak --timeout 3600

doctor: setup  ## what is installed, what is missing, and how each figure looks here
	@$(BIN)/scband doctor

clean:  ## remove the virtual environment and what tools have cached
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache dist build
