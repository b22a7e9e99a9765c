"""Music kept ahead of the transport: what of a plugin's song is generated, and what comes next."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from scband.studio.generation import MOST_BEATS, GenerationRequest

_CLOSE = 1e-6


@dataclass(frozen=True, slots=True)
class Span:
    """Beats of the song that are generated, and when (monotonic seconds)."""

    start: float
    end: float
    made: float


@dataclass(slots=True)
class Ahead:
    """What is generated of the song that a plugin asked for last.

    `request` is what each further piece is asked like; one piece at a time is `pending`. `lasting`
    is how long a piece's file is kept, in seconds.
    """

    request: GenerationRequest
    lasting: float
    clock: Callable[[], float] = time.monotonic
    spans: list[Span] = field(default_factory=list)
    pending: bool = False
    failed: bool = False

    def until(self, beat: float) -> float:
        """Return the beat up to which music is there without a gap from `beat` on."""
        oldest = self.clock() - self.lasting
        reached = beat
        for span in sorted(self.spans, key=lambda span: span.start):
            if span.made >= oldest and span.start <= reached + _CLOSE:
                reached = max(reached, span.end)
        return reached

    def next_request(self, beat: float, beats: float) -> GenerationRequest | None:
        """Return the piece that is missing for `beats` beats from `beat` on, None if none is."""
        reached = self.until(beat)
        if self.pending or self.failed or reached - beat >= beats - _CLOSE:
            return None
        if reached + beats > MOST_BEATS:
            return None
        self.pending = True
        return replace(self.request, start=reached, duration=beats)

    def made(self, start: float, duration: float) -> None:
        """Note a piece that is done."""
        now = self.clock()
        self.spans = [span for span in self.spans if span.made >= now - self.lasting]
        self.spans.append(Span(start, start + duration, now))
        self.pending = False
