"""How the band listens: the input analysis, the ears, and the server's samples as times."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from scband.analysis.frames import Onset
from scband.errors import SessionError
from scband.live.bus import Event
from scband.live.ears import Ears, Heard
from scband.live.events import InputBegun, InputEnded
from scband.live.options import input_latency
from scband.live.sampleclock import SampleClock, SampleProbe
from scband.settings import Settings
from scband.supercollider.channels import MASTER_TRIM
from scband.supercollider.engine import Engine


class Listening:
    """Listens to a file or to the sound card, once it is started.

    `put` gets every event, `heard` every frame and onset after it, both in the receiving thread.
    """

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        put: Callable[[Event], None],
        heard: Callable[[Heard], None],
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._put = put
        self._told = heard
        self._probe: SampleProbe | None = None
        self.ears: Ears | None = None

    def start(self, file: Path | None, monitor: float) -> Ears:
        """Begin to listen to a file, or to the card; `monitor` 1 is as loud as it came in."""
        jack = self._engine.jack.state
        if jack is None:
            raise SessionError("the session is not running")
        clock = SampleClock(jack.sample_rate)
        latency = 0.0 if file is not None else input_latency(self._settings, jack)
        self.ears = ears = Ears(jack.sample_rate, self._heard, clock=clock, latency=latency)
        analysis = self._engine.listen()
        analysis.start(
            ears.hear_frame,
            ears.hear_onset,
            on_begun=lambda samples: self._put(InputBegun(time.time(), samples)),
            on_ended=lambda: self._put(InputEnded(time.time())),
        )
        self._probe = SampleProbe(self._engine.server, analysis.clock_bus, clock)
        if file is not None:
            analysis.play(file, monitor=monitor / MASTER_TRIM)
        else:
            analysis.listen(monitor=monitor / MASTER_TRIM)
        return ears

    @property
    def clock(self) -> SampleClock:
        """The server's samples as times; raises SessionError where nothing is listened to."""
        if self._probe is None:
            raise SessionError("nothing is listened to: give the session an input")
        return self._probe.clock

    def answer(self, answer: Callable[[Onset], None] | None) -> None:
        """Call something at every onset, at once, in the receiving thread; None ends it.

        Raises SessionError where nothing is listened to.
        """
        if self.ears is None:
            raise SessionError("nothing is listened to: give the session an input")
        self.ears.on_onset = answer

    def _heard(self, heard: Heard) -> None:
        if self._probe is not None:
            self._probe.poll()
        self._put(heard)
        self._told(heard)
