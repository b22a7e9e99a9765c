"""One song in six styles, each as a MIDI file with a track a player and as rendered audio.

python examples/30_six_styles.py [CHART] [FOLDER]
"""

import sys
from pathlib import Path

import scband
from scband.agents import load

STYLES = ("swing", "bossa", "funk", "reggae", "country", "afro_cuban")
PLAYERS = ("drums", "bass", "keys", "guitar", "lead")

given = sys.argv[1:]
chart = Path(given[0]) if given else Path(__file__).parent / "charts" / "autumn_walk.txt"
folder = Path(given[1] if len(given) > 1 else "six_styles")
folder.mkdir(parents=True, exist_ok=True)

for number, style in enumerate(STYLES):
    # each style at its own pace: the chart's tempo is that of its first style
    tempo = load(style).tempo
    song = scband.chart(chart, style=style, tempo=tempo, players=PLAYERS, seed=number)
    midi = song.to_midi(folder / f"{style}.mid")
    audio = song.render(folder / f"{style}.wav")
    print(f"{style:12} {tempo:4.0f} a minute  {midi}  {audio.mix}  {audio.seconds:.1f} s")
