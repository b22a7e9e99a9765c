"""Render a chart to a mix and a file a player, faster than real time."""

import sys
from pathlib import Path

import scband

chart = Path(__file__).parent / "charts" / "blues_in_f.txt"
out = Path(sys.argv[1] if len(sys.argv) > 1 else "blues.wav")

song = scband.chart(chart, players=("drums", "bass", "keys", "guitar", "lead"), seed=7)
made = song.render(out, stems=True)
print(f"{made.seconds:.1f} s in {made.mix} and {len(made.stems)} stems")
