"""Put a Pdef of your own in the bass player's place; it is handed the band's harmony.

The Pdef is sclang, in `examples/patterns/pedal.scd`; the folder is a setting.
"""

from pathlib import Path

import scband
from scband.settings import Settings

here = Path(__file__).parent
settings = Settings.load(patterns=str(here / "patterns"))

with scband.Session(here / "charts" / "autumn_walk.txt", settings=settings) as band:
    print("to choose from:", ", ".join(band.patterns.patterns()))
    band.wait(5)
    band.bass.play("pedal_and_fifth")
    band.wait(8)
    band.bass.play("sent")  # back to what the band decides
    band.wait(4)
