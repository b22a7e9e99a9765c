"""A session under your hands: players, style, tempo and intensity change while it plays."""

from pathlib import Path

import scband

chart = Path(__file__).parent / "charts" / "night_drive.txt"

with scband.Session(chart) as band:
    band.wait(6)
    band.guitar.off()  # rests from the next bar on
    band.intensity = 0.9
    band.wait(6)
    band.guitar.on()
    band.bass.level = 0.7
    band.keys.pan = -0.6
    band.style = "swing"  # from the next bar on
    band.tempo = 138
    band.wait(6)
    band.drums.play("four_on_the_floor")  # a Pdef of the library in the drummer's place
    band.wait(6)
    print(band.status())
