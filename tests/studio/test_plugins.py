"""Plugins' states: only legal ways, each told once; silence disconnects."""

from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from scband.errors import PluginNotRegisteredError, PluginStateError
from scband.studio.plugins import LEGAL, Plugin, PluginRegistry, PluginState, moved

A = Plugin("a", Path("somewhere"))


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_who_is_gone_connects_before_anything_else():
    for to in (PluginState.PLAYING, PluginState.GENERATING, PluginState.SYNCING):
        with pytest.raises(PluginStateError, match="connect first"):
            moved(PluginState.DISCONNECTED, to)
    assert moved(PluginState.DISCONNECTED, PluginState.CONNECTED) is PluginState.CONNECTED


def test_an_unknown_plugin_is_told_to_register():
    registry = PluginRegistry()
    with pytest.raises(PluginNotRegisteredError, match="register"):
        registry.get("nobody")
    with pytest.raises(PluginNotRegisteredError):
        registry.heartbeat("nobody")


def test_silence_disconnects_and_a_heartbeat_connects_again(clock):
    told = []
    registry = PluginRegistry(
        30.0, clock=clock, listener=lambda plugin, was: told.append((was, plugin.state))
    )
    registry.register(A)
    clock.now = 29.0
    registry.heartbeat("a", PluginState.PLAYING)
    clock.now = 58.0
    assert registry.expire() == ()
    clock.now = 60.0
    assert [plugin.plugin_id for plugin in registry.expire()] == ["a"]
    assert registry.get("a").state is PluginState.DISCONNECTED
    registry.heartbeat("a", PluginState.SYNCING)
    names = [(was.value, state.value) for was, state in told]
    assert names == [
        ("Disconnected", "Connected"),
        ("Connected", "Playing"),
        ("Playing", "Disconnected"),
        ("Disconnected", "Connected"),
        ("Connected", "Syncing"),
    ]


def test_after_the_last_generation_a_plugin_is_what_it_was(clock):
    registry = PluginRegistry(clock=clock)
    registry.register(A)
    registry.heartbeat("a", PluginState.SYNCING)
    registry.generation_began("a")
    registry.generation_began("a")
    assert registry.get("a").state is PluginState.GENERATING
    registry.generation_ended("a")
    assert registry.get("a").state is PluginState.GENERATING
    registry.generation_ended("a")
    assert registry.get("a").state is PluginState.SYNCING


def test_who_plays_goes_on_playing_while_more_is_generated(clock):
    registry = PluginRegistry(clock=clock)
    registry.register(A)
    registry.heartbeat("a", PluginState.PLAYING)
    registry.generation_began("a")
    assert registry.get("a").state is PluginState.PLAYING
    registry.generation_ended("a")
    assert registry.get("a").state is PluginState.PLAYING


class Plugins(RuleBasedStateMachine):
    """A registry against the plainest model of it."""

    @initialize()
    def begin(self):
        self.clock = Clock()
        self.told = []
        self.registry = PluginRegistry(10.0, clock=self.clock, listener=self.hear)
        self.seen = {}

    def hear(self, plugin, was):
        self.told.append((plugin.plugin_id, was, plugin.state))

    @rule(name=st.sampled_from("abc"))
    def register(self, name):
        plugin = self.registry.register(Plugin(name, Path(name)))
        assert plugin.state is PluginState.CONNECTED
        self.seen[name] = self.clock.now

    @rule(name=st.sampled_from("abc"), state=st.none() | st.sampled_from(PluginState))
    def heartbeat(self, name, state):
        if name not in self.seen:
            with pytest.raises(PluginNotRegisteredError):
                self.registry.heartbeat(name, state)
            return
        plugin = self.registry.heartbeat(name, state)
        if state is PluginState.DISCONNECTED:
            assert plugin.state is state
        else:
            self.seen[name] = self.clock.now
            assert plugin.state is not PluginState.DISCONNECTED
            assert state is None or plugin.state is state

    @rule(name=st.sampled_from("abc"), end=st.booleans())
    def generate(self, name, end):
        if name in self.seen:
            before = self.registry.get(name).generating
            (self.registry.generation_ended if end else self.registry.generation_began)(name)
            after = self.registry.get(name).generating
            assert after == (max(0, before - 1) if end else before + 1)

    @rule(seconds=st.floats(0, 20))
    def wait(self, seconds):
        self.clock.now += seconds
        for plugin in self.registry.expire():
            assert self.clock.now - self.seen[plugin.plugin_id] > 10.0

    @invariant()
    def every_change_was_legal_and_follows_the_last_one(self):
        state = {}
        for name, was, to in self.told:
            assert was is not to
            assert to in LEGAL[was]
            assert was is state.get(name, PluginState.DISCONNECTED)
            state[name] = to
        for name in self.seen:
            assert self.registry.get(name).state is state[name]


Plugins.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestPlugins = Plugins.TestCase
