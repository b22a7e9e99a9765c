"""The OpenAPI document tells the whole contract, and what it tells is so."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scband.api.app import create_app
from scband.api.keyring import Role
from scband.api.problems import KINDS
from scband.api.serve import Service, open_services
from scband.errors import ScbandError
from scband.settings import Settings

OPEN = {"/", "/health", "/api/plugin/register", "/api/page/session"}
CONTRACT = {
    "get /",
    "get /health",
    "post /api/plugin/register",
    "get /api/plugin/status",
    "post /api/plugin/heartbeat",
    "post /api/transport/start",
    "post /api/transport/stop",
    "post /api/transport/reset",
    "get /api/transport/position",
    "post /api/midi/generate",
    "get /api/midi/list",
    "post /api/midi/stream",
    "delete /api/midi/{file_id}",
    "post /api/v1/analyze/audio",
    "post /api/v1/analyze/project",
    "post /api/v1/generate/midi",
    "post /api/v1/generate/bassline",
    "post /api/v1/generate/melody",
    "post /api/v1/mixing/suggest",
    "post /api/v1/mixing/auto_level",
}
CODES = {
    "plugin_not_registered",
    "connection_timeout",
    "generation_failed",
    "unsupported_audio_format",
    "midi_file_not_found",
    "folder_not_writable",
    "transport_sync_lost",
    "invalid_position",
    "unauthorized",
    "rate_limited",
    "payload_too_large",
}


def settings_in(folder: Path) -> Settings:
    rates = dict.fromkeys(("rate_register", "rate_generate", "rate_upload", "rate_other"), 1e5)
    ports = dict.fromkeys(("plugin_port", "engine_port", "page_port"), 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCBAND_CONFIG", str(folder / "config.toml"))
        return Settings.load(
            **rates,
            **ports,
            state_folder=str(folder / "state"),
            monitor_folder=str(folder / "monitored"),
            projects_folder=str(folder / "projects"),
            status_file="",
            job_queue=8,  # so that a stream of one that waits has its end soon
            job_seconds=4,
        )


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    services = open_services(settings_in(tmp_path_factory.mktemp("document")))
    yield create_app(services).openapi()
    services.close()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref", "")
    if not reference:
        return schema
    found: dict[str, Any] = document["components"]["schemas"][reference.rpartition("/")[2]]
    return found


def exemplified(document: dict[str, Any], schema: dict[str, Any]) -> bool:
    """Say whether a schema shows what it looks like: itself, or each of its properties."""
    schema = resolved(document, schema)
    if {"example", "examples", "default", "enum", "const"} & set(schema):
        return True
    parts = [
        *schema.get("properties", {}).values(),
        *([schema["items"]] if isinstance(schema.get("items"), dict) else []),
        *schema.get("anyOf", []),
    ]
    return any(exemplified(document, part) for part in parts)


def test_every_row_of_the_contract_is_there(document: dict[str, Any]) -> None:
    assert {name for name, _ in operations(document)} >= CONTRACT


def test_every_operation_has_a_name_of_its_own_and_says_what_it_does(
    document: dict[str, Any],
) -> None:
    names = [operation["operationId"] for _, operation in operations(document)]
    assert len(set(names)) == len(names)
    for name, operation in operations(document):
        assert re.fullmatch(r"[a-z][a-z0-9_]+", operation["operationId"]), name
        assert operation["summary"], name
        assert operation["description"].strip().endswith("."), name
        assert operation["tags"], name


def test_every_operation_but_the_open_ones_needs_a_token(document: dict[str, Any]) -> None:
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    for name, operation in operations(document):
        is_open = name.partition(" ")[2] in OPEN
        assert operation.get("security") == (None if is_open else [{"bearer": []}]), name


def test_every_operation_tells_its_errors_as_problems(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert "HTTPValidationError" not in schemas
    for name, operation in operations(document):
        told = operation["responses"]["default"]["content"]
        assert list(told) == ["application/problem+json"], name
    for code in CODES:
        assert f"`{code}`" in document["info"]["description"]


def test_every_body_and_answer_has_an_example(document: dict[str, Any]) -> None:
    without = []
    for name, operation in operations(document):
        contents = [
            *operation.get("requestBody", {}).get("content", {}).items(),
            *(
                each
                for status, response in operation["responses"].items()
                if status.startswith("2")
                for each in response.get("content", {}).items()
            ),
        ]
        for media_type, content in contents:
            shown = {"example", "examples"} & set(content)
            if media_type != "application/json" or shown:
                continue
            if not exemplified(document, content.get("schema", {})):
                without.append(name)
        for parameter in operation.get("parameters", []):
            shown = {"example", "examples"} & set(parameter)
            if not shown and not exemplified(document, parameter["schema"]):
                without.append(f"{name} {parameter['name']}")
    assert not without


def test_every_error_of_scband_has_a_status_and_a_stable_code() -> None:
    assert {kind.code for kind in KINDS.values()} >= CODES
    assert ScbandError in KINDS
    for kind in KINDS.values():
        assert 400 <= kind.status < 600
        assert re.fullmatch(r"[a-z_]+", kind.code)


def run_schemathesis(folder: Path, *options: str) -> None:
    """Run schemathesis, a client that we did not write, over the whole document."""
    # no core, a full queue and a job that took too long here are honest answers
    (folder / "schemathesis.toml").write_text(
        "max-stream-events = 10\n"
        'checks.not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 503, 504]\n'
    )
    with Service(settings_in(folder)) as service:
        assert service.services is not None
        token = service.services.keyring.issue("schemathesis", Role.OPERATOR)
        done = subprocess.run(
            [
                *(str(Path(sys.executable).with_name("schemathesis")), "run"),
                f"{service.urls()['plugin']}/openapi.json",
                *("--header", f"Authorization: Bearer {token}"),
                *("--request-timeout", "20", "--suppress-health-check", "all"),
                *("--generation-database", "none", "--warnings", "off"),
                "--checks",
                "not_a_server_error,status_code_conformance,content_type_conformance,"
                "response_schema_conformance,unsupported_method",
                *options,
            ],
            capture_output=True,
            text=True,
            timeout=1800,
            cwd=folder,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr


@pytest.mark.timeout(240)
def test_no_example_and_no_limit_of_a_schema_makes_a_server_error(tmp_path: Path) -> None:
    run_schemathesis(tmp_path, "--phases", "examples,coverage", "--seed", "1")


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_no_generated_request_makes_a_server_error(tmp_path: Path) -> None:
    run_schemathesis(tmp_path, "--phases", "fuzzing,stateful", "--max-examples", "60")
