"""Play a recording into the server in a performer's place and print what is heard in it."""

import sys
from pathlib import Path

import scband

chart = Path(__file__).parent / "charts" / "night_drive.txt"
take = sys.argv[1] if len(sys.argv) > 1 else "/usr/share/sonic-pi/samples/guit_em9.flac"

with scband.Session(chart, input=take, monitor=0.5) as band:
    for _ in range(40):
        band.wait(0.2)
        seen = band.status()
        pitch = "–" if seen.heard is None else f"{seen.heard:5.1f}"
        print(f"{seen.input_db:6.1f} dB  pitch {pitch}  onsets {seen.onsets}")
