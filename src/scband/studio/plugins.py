"""The plugins that scband serves: who is there, in which state, and since when silent."""

from __future__ import annotations

import enum
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from scband.errors import PluginNotRegisteredError, PluginStateError, ServiceUnavailableError

MOST_PLUGINS = 4096
"""So many plugins are remembered at once."""


class PluginState(enum.StrEnum):
    """What a plugin is doing, spelled as its clients spell it."""

    DISCONNECTED = "Disconnected"
    CONNECTED = "Connected"
    GENERATING = "Generating"
    PLAYING = "Playing"
    SYNCING = "Syncing"


_ANY = frozenset(PluginState)
LEGAL: dict[PluginState, frozenset[PluginState]] = {
    # who is gone comes back before anything else
    PluginState.DISCONNECTED: frozenset({PluginState.CONNECTED}),
    PluginState.CONNECTED: _ANY,
    PluginState.GENERATING: _ANY,
    PluginState.PLAYING: _ANY,
    PluginState.SYNCING: _ANY,
}
"""Where each state may lead; every state may be told again."""


def moved(state: PluginState, to: PluginState) -> PluginState:
    """Return the next state; raises PluginStateError where it cannot be reached from here."""
    if to is not state and to not in LEGAL[state]:
        there = ", ".join(sorted(LEGAL[state]))
        raise PluginStateError(
            f"a plugin that is {state} cannot become {to}, only {there}; connect first"
        )
    return to


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin as it is now. `folder` is the one that it watches, `seen` on the monotonic clock.

    `before` is the state it goes back to when a generation is over. `keep_ahead` asks for music to
    be generated ahead of the transport. Rates are in hertz, 0 where it did not say.
    """

    plugin_id: str
    folder: Path
    name: str = ""
    version: str = ""
    sample_rate: float = 0.0
    keep_ahead: bool = False
    state: PluginState = PluginState.DISCONNECTED
    before: PluginState = PluginState.CONNECTED
    seen: float = 0.0
    generating: int = 0


class PluginRegistry:
    """Plugins by id; safe to use from any thread. `listener` hears every change of a state."""

    def __init__(
        self,
        timeout: float = 30.0,
        *,
        clock: Callable[[], float] = time.monotonic,
        listener: Callable[[Plugin, PluginState], None] | None = None,
    ) -> None:
        self.timeout = timeout
        self._clock, self._listener = clock, listener
        self._lock = threading.RLock()
        self._plugins: dict[str, Plugin] = {}

    def register(self, plugin: Plugin) -> Plugin:
        """Take a plugin in, or back, as Connected; raises ServiceUnavailableError when full."""
        with self._lock:
            known = self._plugins.get(plugin.plugin_id)
            if known is None and len(self._plugins) >= MOST_PLUGINS:
                self._forget_one()
            running = known.generating if known else 0
            state = known.state if known else PluginState.DISCONNECTED
            self._plugins[plugin.plugin_id] = replace(
                plugin, state=state, generating=running, seen=self._clock()
            )
            return self.change(plugin.plugin_id, PluginState.CONNECTED)

    def get(self, plugin_id: str) -> Plugin:
        """Return a plugin; raises PluginNotRegisteredError."""
        with self._lock:
            plugin = self._plugins.get(plugin_id)
        if plugin is None:
            raise PluginNotRegisteredError(
                f"no plugin {plugin_id[:80]!r} has registered: POST /api/plugin/register first"
            )
        return plugin

    def plugins(self) -> tuple[Plugin, ...]:
        """Return all plugins in the order in which they came."""
        with self._lock:
            return tuple(self._plugins.values())

    def touch(self, plugin_id: str) -> Plugin:
        """Note that a plugin is alive; one that had gone silent is Connected again."""
        with self._lock:
            plugin = self.get(plugin_id)
            self._plugins[plugin_id] = plugin = replace(plugin, seen=self._clock())
            if plugin.state is PluginState.DISCONNECTED:
                plugin = self.change(plugin_id, PluginState.CONNECTED)
            return plugin

    def heartbeat(self, plugin_id: str, state: PluginState | None = None) -> Plugin:
        """Keep a plugin alive and take over the state that it tells, if it tells one."""
        with self._lock:
            if state is not PluginState.DISCONNECTED:
                self.touch(plugin_id)
            return self.get(plugin_id) if state is None else self.change(plugin_id, state)

    def change(self, plugin_id: str, to: PluginState) -> Plugin:
        """Move a plugin to another state and announce it; raises PluginStateError."""
        with self._lock:
            plugin = self.get(plugin_id)
            old = plugin.state
            before = plugin.before if to is PluginState.GENERATING else to
            plugin = replace(plugin, state=moved(old, to), before=before)
            self._plugins[plugin_id] = plugin
            if old is not to and self._listener is not None:
                self._listener(plugin, old)
            return plugin

    def generation_began(self, plugin_id: str) -> None:
        """Count a generation; the plugin's state is Generating, unless it plays meanwhile."""
        with self._lock:
            plugin = self.get(plugin_id)
            self._plugins[plugin_id] = replace(plugin, generating=plugin.generating + 1)
            if plugin.state in (PluginState.CONNECTED, PluginState.SYNCING):
                self._plugins[plugin_id] = replace(self._plugins[plugin_id], before=plugin.state)
                self.change(plugin_id, PluginState.GENERATING)

    def generation_ended(self, plugin_id: str) -> None:
        """Count a generation down; after the last one the plugin is in its former state again."""
        with self._lock:
            plugin = self._plugins.get(plugin_id)
            if plugin is None:
                return
            left = max(0, plugin.generating - 1)
            self._plugins[plugin_id] = replace(plugin, generating=left)
            if not left and plugin.state is PluginState.GENERATING:
                self.change(plugin_id, plugin.before)

    def expire(self) -> tuple[Plugin, ...]:
        """Disconnect the plugins that were silent for too long, and return them."""
        limit = self._clock() - self.timeout
        with self._lock:
            silent = [
                plugin
                for plugin in self._plugins.values()
                if plugin.seen < limit and plugin.state is not PluginState.DISCONNECTED
            ]
            return tuple(self.change(p.plugin_id, PluginState.DISCONNECTED) for p in silent)

    def _forget_one(self) -> None:
        for plugin_id, plugin in self._plugins.items():
            if plugin.state is PluginState.DISCONNECTED:
                del self._plugins[plugin_id]
                return
        raise ServiceUnavailableError(f"{MOST_PLUGINS} plugins are connected; no more can register")
