"""Let a player answer every onset of the input within milliseconds, past the Pdefs' clock."""

from pathlib import Path

import scband
from scband import Note

here = Path(__file__).parent
take = "/usr/share/sonic-pi/samples/loop_amen_full.flac"


def clap_back(onset: object) -> list[Note]:
    """One clap for each sound that is heard, and its echo an eighth later."""
    return [Note(0.0, 0.1, 39, 0.9), Note(0.5, 0.1, 39, 0.4)]


with scband.Session(here / "charts" / "night_drive.txt", input=take) as band:
    band.answer("drums", clap_back)
    band.wait(8)
