"""The log of a session: everything heard and decided, with times, one JSON object a line."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import fields
from pathlib import Path
from typing import Any

from scband.errors import SessionError
from scband.live.bus import Bus, Event
from scband.live.conductor import BarPlan
from scband.live.ears import Heard, midi_pitch
from scband.live.events import ChordTaken, Followed, LineHeard, Loudened, Planned, PlayedNote
from scband.supercollider.engine import BeatReport, EngineEvent

_FRAMES_KEPT = 10  # one frame in ten: ten a second
_DIGITS = 9  # that tell two 32-bit numbers apart

_PAUSE_SECONDS = 0.5
_CAPACITY = 4096


class LogWriter:
    """Writes what the bus tells into a log, in a thread of its own: nobody waits for the disk."""

    def __init__(self, log: SessionLog, bus: Bus) -> None:
        self._log = log
        self._mailbox = bus.subscribe(_CAPACITY)
        self._thread = threading.Thread(target=self._write, name="scband-log", daemon=True)
        self._thread.start()

    def _write(self) -> None:
        while True:
            event = self._mailbox.wait(_PAUSE_SECONDS)
            if event is not None:
                self._log.take(event)
            elif self._mailbox.closed:
                return

    def close(self, **values: Any) -> None:
        """Write what waits, then the last line, and close the file. Safe to call twice."""
        self._mailbox.close()
        self._thread.join(timeout=_PAUSE_SECONDS * 10)
        self._log.close(lost=self._mailbox.lost, **values)


class SessionLog:
    """Writes the log beside a recording; `seconds` in it count from the recording's beginning.

    Kinds of lines: `session` (the first), `begin` (the recording's Unix time), `beat`, `bar` (what
    each player was told to play), `onset`, `pitch` (ten a second), `line` (the performer's notes),
    `chord` (taken by ear), `note`, `follow`, `intensity`, `event`, `end`. With `whole`, `heard`
    lines hold every frame and onset to the last value, 7 MB a minute, so that what followed from
    them can be gone through again (`scband.live.replay`).
    """

    def __init__(self, path: Path, header: dict[str, Any], *, whole: bool = False) -> None:
        self._whole = whole
        try:
            self._file = path.open("w", encoding="utf-8")
        except OSError as error:
            raise SessionError(f"cannot write the log {path}: {error.strerror}") from error
        self.path = path
        self._lock = threading.Lock()
        self._origin: float | None = None
        self._frames = 0
        self.write("session", **header)

    def write(self, kind: str, **values: Any) -> None:
        """Write one line."""
        line = json.dumps({"kind": kind, **values}, ensure_ascii=False)
        with self._lock:
            if not self._file.closed:
                self._file.write(line + "\n")

    def begin(self) -> None:
        """Count seconds from now."""
        self._origin = time.time()
        self.write("begin", unix=self._origin)

    def _seconds(self, unix: float) -> float | None:
        return None if self._origin is None else round(unix - self._origin, 5)

    def beat(self, report: BeatReport) -> None:
        """Log one beat of the clock."""
        self.write(
            "beat",
            seconds=self._seconds(report.time),
            beat=report.beat,
            bar=report.bar,
            in_bar=report.in_bar,
            tempo=round(report.tempo, 4),
        )

    def take(self, event: Event) -> None:
        """Log anything that the bus carries; what has no line of its own is left out."""
        if isinstance(event, Heard):
            self.heard(event)
        elif isinstance(event, BeatReport):
            self.beat(event)
        elif isinstance(event, Planned):
            self.bar(event.plan, event.style, event.intensity)
        elif isinstance(event, EngineEvent):
            self.event(event)
        elif isinstance(event, Followed):
            self.followed(event)
        elif isinstance(event, ChordTaken):
            self.chord(event)
        elif isinstance(event, LineHeard):
            self.line(event)
        elif isinstance(event, Loudened):
            self.write(
                "intensity",
                seconds=self._seconds(event.time),
                intensity=event.intensity,
                db=round(event.db, 1),
            )
        elif isinstance(event, PlayedNote):
            self.write(
                "note",
                seconds=self._seconds(event.time),
                pitch=event.pitch,
                velocity=round(event.velocity, 4),
            )

    def chord(self, taken: ChordTaken) -> None:
        """Log a chord that the band takes by ear, and the beat from which it holds."""
        self.write(
            "chord",
            seconds=self._seconds(taken.time),
            chord=str(taken.chord),
            beat=round(taken.beat, 4),
            since=self._seconds(taken.since),
        )

    def line(self, heard: LineHeard) -> None:
        """Log a note of the performer's line that has ended."""
        note = heard.note
        if note.end is not None:
            self.write(
                "line",
                seconds=self._seconds(note.start),
                length=round(note.end - note.start, 4),
                pitch=note.pitch,
                velocity=round(note.velocity, 4),
            )

    def followed(self, move: Followed) -> None:
        """Log how the clock was moved: how far off it was, in beats, and what was done."""
        self.write(
            "follow",
            seconds=self._seconds(move.time),
            beat=round(move.beat, 4),
            error=round(move.error, 5),
            tempo=round(move.tempo, 4),
            shift=round(move.seconds, 5),
            over=round(move.beats, 4),
            heard=round(move.heard, 3),
            confidence=round(move.confidence, 3),
        )

    def bar(self, plan: BarPlan, style: str, intensity: float) -> None:
        """Log what was decided for a bar: notes as start, length, pitch, velocity, articulation."""
        notes = {
            player: [[n.start, n.length, n.pitch, round(n.velocity, 4), n.articulation] for n in ns]
            for player, ns in plan.notes.items()
        }
        slot = plan.slot
        self.write(
            "bar",
            bar=slot.number,
            beat=slot.start,
            section=slot.bar.section,
            chords=[[c.beat, str(c.chord)] for c in slot.bar.chords],
            moment=slot.moment.value,
            style=style,
            intensity=intensity,
            notes=notes,
        )

    def heard(self, heard: Heard) -> None:
        """Log an onset, or every tenth frame; all of both in a whole log."""
        seconds = self._seconds(heard.time)
        if self._whole:
            self.write("heard", unix=heard.time, **_values(heard))
        if heard.onset is not None:
            onset = heard.onset
            kind = onset.kind.name.lower()
            self.write("onset", seconds=seconds, detector=kind, db=round(onset.db, 1))
        elif heard.frame is not None:
            self._frames += 1
            if self._frames % _FRAMES_KEPT == 0:
                f = heard.frame
                pitch = round(midi_pitch(f.pitch_hz), 2) if f.pitch_hz > 0 else None
                chroma = [round(c, 4) for c in f.chroma]
                self.write("pitch", seconds=seconds, pitch=pitch, db=round(f.db, 1), chroma=chroma)

    def event(self, event: EngineEvent) -> None:
        """Log what JACK, supernova or sclang said."""
        self.write("event", seconds=self._seconds(event.time), what=event.kind, text=event.text)

    def close(self, **values: Any) -> None:
        """Write the last line and close the file. Safe to call twice."""
        self.write("end", **values)
        with self._lock:
            self._file.close()


def _values(heard: Heard) -> dict[str, list[Any]]:
    """Return a frame's or an onset's fields in their order, as few digits as tell them apart."""
    if heard.onset is not None:
        onset = heard.onset
        return {"onset": [onset.samples, onset.kind.value, _short(onset.rise), onset.amplitude]}
    assert heard.frame is not None
    *values, chroma, spectrum = (getattr(heard.frame, field.name) for field in fields(heard.frame))
    short = [value if isinstance(value, int) else _short(value) for value in values]
    return {"frame": [*short, [*map(_short, chroma)], [*map(_short, spectrum)]]}


def _short(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
