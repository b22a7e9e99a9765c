"""Python's end of the pattern-control vocabulary: a method a message."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from enum import StrEnum

from scband.errors import PatternError
from scband.score import Note
from scband.supercollider.language import Language
from scband.supercollider.vocabulary import MAX_NOTES

_ANSWER_SECONDS = 2.0
_MOST_PENDING = 1000
_RESEND_SECONDS = 0.25  # a datagram can be lost: sclang knows a repeated number and does it once


class Quant(StrEnum):
    """When a change takes effect."""

    NOW = "now"
    BEAT = "beat"
    BAR = "bar"


@dataclass(frozen=True, slots=True)
class Answer:
    """sclang's acknowledgement: the band's beat at which it came (-1: the clock stands)."""

    sequence: int
    verb: str
    beat: float
    values: tuple[object, ...] = ()


@dataclass(slots=True)
class _Pending:
    """A message that waits for its answer."""

    verb: str
    values: tuple[str | float, ...]
    future: Future[Answer]
    sent: float


@dataclass(frozen=True, slots=True)
class Harmony:
    """One chord for sclang: pitch classes only, no theory; `root` None is "no chord"."""

    beat: float
    root: int | None
    bass: int | None
    pitch_classes: frozenset[int]
    scale: frozenset[int] = frozenset()


def mask(pitch_classes: Iterable[int]) -> int:
    """Return 12 bits, bit 0 is C."""
    return sum(1 << pc for pc in set(pitch_classes))


class PatternController:
    """Speaks to the Pdefs in sclang; every method is one message of the vocabulary.

    Each message carries a sequence number, and sclang answers each. A method waits for the answer
    and raises PatternError with sclang's reason; `post` and `send_bar` return the answer to come.
    `on_refused(PatternError)` hears of every refusal.
    """

    def __init__(
        self, language: Language, on_refused: Callable[[PatternError], None] | None = None
    ) -> None:
        self._language = language
        self._on_refused = on_refused
        self._numbers = itertools.count(1)
        self._pending: dict[int, _Pending] = {}
        self._lock = threading.Lock()

    def answered(self, name: str, values: Sequence[object]) -> None:
        """Take an acknowledgement or an error in (the language's `on_answer`)."""
        number = values[0] if values and isinstance(values[0], int) else -1
        with self._lock:
            pending = self._pending.pop(number, None)
        if name == "error":
            verb = pending.verb if pending is not None else "a message"
            error = PatternError(f"sclang refused {verb}: {values[-1]}")
            if pending is not None:
                pending.future.set_exception(error)
            if self._on_refused is not None:
                self._on_refused(error)
        elif pending is not None:
            beat = float(str(values[2])) if len(values) > 2 else -1.0
            pending.future.set_result(Answer(number, pending.verb, beat, tuple(values[3:])))

    def post(self, verb: str, *values: str | float) -> Future[Answer]:
        """Send a message and return the answer to come; raises PatternError if malformed."""
        number = next(self._numbers)
        pending = _Pending(verb, values, Future(), time.monotonic())
        with self._lock:
            self._pending[number] = pending
            while len(self._pending) > _MOST_PENDING:
                self._pending.pop(next(iter(self._pending)))
        try:
            self._language.send(verb, number, *values)
        except BaseException:
            with self._lock:
                self._pending.pop(number, None)
            raise
        return pending.future

    def resend(self) -> int:
        """Send what has not been answered for 0.25 s again, and return how many that were."""
        now = time.monotonic()
        with self._lock:
            stale = [(n, p) for n, p in self._pending.items() if now - p.sent > _RESEND_SECONDS]
            for number, pending in stale:
                pending.sent = now
                if pending.future.cancelled():
                    del self._pending[number]
        for number, pending in stale:
            self._language.send(pending.verb, number, *pending.values)
        return len(stale)

    def request(self, verb: str, *values: str | float) -> Answer:
        """Send a message and wait for its answer; raises PatternError on refusal or silence."""
        future = self.post(verb, *values)
        deadline = time.monotonic() + _ANSWER_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            try:
                return future.result(timeout=min(left, _RESEND_SECONDS * 1.1))
            except FutureTimeoutError:
                self.resend()
        future.cancel()
        raise PatternError(f"sclang did not answer {verb} within {_ANSWER_SECONDS:g} s")

    # --- players -----------------------------------------------------------------------------

    def make_player(
        self, player: str, *, group: int, bus: int, channel: int, instrument: str
    ) -> Answer:
        """Make a player, or give one another sound (`/scband/player`)."""
        return self.request("player", player, group, bus, channel, instrument)

    def set_kit(self, pieces: Iterable[tuple[int, str, float, float, str]]) -> Answer:
        """Say what drum numbers strike: pitch, SynthDef, pan, ring, choke group (`/scband/kit`)."""
        return self.request("kit", *(v if v != "" else "-" for piece in pieces for v in piece))

    def on(self, player: str, quant: Quant | str = Quant.BAR) -> Answer:
        """Let a player play (`/scband/on`)."""
        return self.request("on", player, str(quant))

    def off(self, player: str, quant: Quant | str = Quant.BAR) -> Answer:
        """Let a player rest; its notes are released (`/scband/off`)."""
        return self.request("off", player, str(quant))

    def set_pattern(self, player: str, name: str, quant: Quant | str = Quant.BAR) -> Answer:
        """Give a player a Pdef; `sent` plays what Python sends (`/scband/pattern`)."""
        return self.request("pattern", player, name, str(quant))

    def set_drum_pattern(self, name: str, quant: Quant | str = Quant.BAR) -> Answer:
        """Give the drums a Pdef of the library."""
        return self.set_pattern("drums", name, quant)

    def patterns(self) -> dict[str, tuple[str, ...]]:
        """Return the Pdefs that can be chosen, each with the players it is for."""
        named = (str(v).partition(":") for v in self.request("library").values)
        return {name: tuple(p for p in players.split(",") if p) for name, _, players in named}

    def bar_values(
        self,
        player: str,
        index: int,
        start: float,
        length: float,
        notes: Sequence[Note],
        *,
        loudness: float = 0.0,
    ) -> list[str | float]:
        """Return the arguments of `/scband/bar`; raises PatternError on too many notes."""
        if len(notes) > MAX_NOTES:
            raise PatternError(f"{player}: {len(notes)} notes in a bar, at most {MAX_NOTES}")
        values: list[str | float] = [player, index, start, length, loudness]
        for n in notes:
            values += [n.start, n.length, n.pitch, n.velocity, n.articulation or "-"]
        return values

    def send_bar(
        self,
        player: str,
        index: int,
        start: float,
        length: float,
        notes: Sequence[Note],
        *,
        loudness: float = 0.0,
    ) -> Future[Answer]:
        """Give a player the notes of a bar that has not begun (`/scband/bar`); does not wait.

        `loudness` (0-1) is how loud it was decided: what `set_loudness` says later is over that.
        """
        return self.post(
            "bar", *self.bar_values(player, index, start, length, notes, loudness=loudness)
        )

    def send_bar_again(
        self,
        player: str,
        index: int,
        start: float,
        length: float,
        notes: Sequence[Note],
        *,
        since: float,
        loudness: float = 0.0,
    ) -> Future[Answer]:
        """Give a player the notes of the bar that sounds anew (`/scband/rebar`); does not wait.

        They hold from the next quarter note of the bar that is not before `since` (beats from the
        bar's start); a note that should have begun already is struck there for what is left of it.
        """
        values = self.bar_values(player, index, start, length, notes, loudness=loudness)
        fixed = 5
        return self.post("rebar", *values[:fixed], since, *values[fixed:])

    # --- time --------------------------------------------------------------------------------

    def start(self, tempo: float, lead: float = 0.1, beat: float = 0.0) -> Answer:
        """Start the clock at `tempo`, `lead` seconds from now, at a bar line (`/scband/start`)."""
        return self.request("start", tempo, lead, beat)

    def stop(self) -> Answer:
        """Stop the clock; sounding notes are released (`/scband/stop`)."""
        return self.request("stop")

    def set_tempo(self, tempo: float, beat: float = -1.0) -> Answer:
        """Change the tempo now or at a beat (`/scband/tempo`)."""
        return self.request("tempo", tempo, beat)

    def nudge(self, seconds: float, beats: float = 2.0) -> Answer:
        """Be `seconds` earlier (negative: later) after `beats` beats (`/scband/nudge`)."""
        return self.request("nudge", seconds, beats)

    def set_meter(self, numerator: int, denominator: int, beat: float = -1.0) -> Answer:
        """Set the meter of bars that nobody sends (`/scband/meter`)."""
        return self.request("meter", numerator, denominator, beat)

    def set_latency(self, seconds: float) -> Answer:
        """Set how far ahead notes are sent to supernova (`/scband/latency`)."""
        return self.request("latency", seconds)

    # --- music -------------------------------------------------------------------------------

    def set_harmonic_progression(
        self, chords: Sequence[Harmony], start: float = 0.0, loop: float = 0.0
    ) -> Answer:
        """Give the chords from a beat on, round after `loop` beats (`/scband/harmony`)."""
        return self.request("harmony", *self._harmony_values(chords, start, loop))

    def post_harmony(self, chords: Sequence[Harmony], start: float, loop: float) -> Future[Answer]:
        """Give the chords from a beat on, round after `loop` beats; does not wait."""
        return self.post("harmony", *self._harmony_values(chords, start, loop))

    @staticmethod
    def _harmony_values(chords: Sequence[Harmony], start: float, loop: float) -> list[float]:
        values: list[float] = [start, loop]
        for c in chords:
            root = -1 if c.root is None else c.root
            bass = -1 if c.bass is None else c.bass
            values += [c.beat, root, bass, mask(c.pitch_classes), mask(c.scale)]
        return values

    def set_intensity(self, value: float) -> Answer:
        """Say how hard the band plays, 0 to 1 (`/scband/intensity`)."""
        return self.request("intensity", value)

    def set_loudness(self, value: float) -> Answer:
        """Scale the bars sent, from now on, to a loudness of 0-1 (`/scband/loudness`)."""
        return self.request("loudness", value)

    def set_swing(self, ratio: float) -> Answer:
        """Say how the eighths divide, 1 to 4 (`/scband/swing`)."""
        return self.request("swing", ratio)

    def mix(self, player: str, control: str, value: float) -> Answer:
        """Set one control of a player's channel (`/scband/mix`)."""
        return self.request("mix", player, control, value)

    # --- the rest ----------------------------------------------------------------------------

    def ping(self) -> Answer:
        """Ask for an answer (`/scband/ping`)."""
        return self.request("ping")

    def verbs(self) -> dict[str, str]:
        """Return the messages that sclang knows, with their types (`/scband/verbs`)."""
        named = (str(v).partition(":") for v in self.request("verbs").values)
        return {name: types for name, _, types in named}

    def panic(self) -> Answer:
        """End every note at once (`/scband/panic`)."""
        return self.request("panic")
