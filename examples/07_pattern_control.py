"""The engine without a chart: the pattern-control messages, one method each."""

import time

from scband import Note
from scband.supercollider.engine import Engine
from scband.supercollider.patterns import Harmony

D_MINOR = Harmony(beat=0, root=2, bass=2, pitch_classes=frozenset({2, 5, 9, 0}))
G_SEVEN = Harmony(beat=4, root=7, bass=7, pitch_classes=frozenset({7, 11, 2, 5}))

with Engine() as engine:
    engine.add_player("bass", "bass_upright")
    engine.add_player("drums", "kit")
    control = engine.patterns
    control.set_harmonic_progression([D_MINOR, G_SEVEN], start=0, loop=8)
    control.set_drum_pattern("swing_ride")
    line = [
        Note(start=n, length=0.9, pitch=p, velocity=0.8) for n, p in enumerate([38, 41, 45, 44])
    ]
    control.send_bar("bass", index=0, start=0, length=4, notes=line)
    control.start(tempo=150)
    # no other bar is ever sent: the bass goes on by itself, moved to the chords
    time.sleep(8)
    control.set_tempo(200, beat=24)
    time.sleep(6)
    control.stop()
