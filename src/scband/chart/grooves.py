"""The band's style for what charts write over their first bar: `Medium Up Swing`, `Bossa Nova`."""

from __future__ import annotations

import re

from scband.score import Meter

# Words, most telling first, and the style that each asks for.
_WORDS: tuple[tuple[str, str], ...] = (
    (r"up.?tempo.*swing|fast swing|be.?bop", "up_tempo_swing"),
    (r"second line|new orleans", "second_line"),
    (r"pop ballad|rock ballad|power ballad|slow rock", "pop_ballad"),
    (r"bossa", "bossa"),
    (r"samba|bai[aã]o|partido", "samba"),
    (r"afro|6/8 feel|nanigo|bemb[eé]", "afro_cuban"),
    (r"montuno|salsa|mambo", "montuno"),
    (r"latin|bolero|cha.?cha|rumba|tango|calypso|beguine|cuba|chacarera", "latin"),
    (r"classical waltz|viennese", "classical_waltz"),
    (r"waltz|3/4", "jazz_waltz"),
    (r"drum.?(?:and|n|&).?bass|jungle", "drum_and_bass"),
    (r"hip.?hop|boom bap|rap|trap", "hip_hop"),
    (r"house|techno|electro|edm|dance", "house"),
    (r"disco", "disco"),
    (r"reggae|dub", "reggae"),
    (r"ska", "ska"),
    (r"punk", "punk"),
    (r"metal|hard rock|glam", "hard_rock"),
    (r"train", "train_beat"),
    (r"country|bluegrass|two.?step|folk", "country"),
    (r"slow blues|12/8 blues", "slow_blues"),
    (r"shuffle|blues", "blues_shuffle"),
    (r"funk", "funk"),
    (r"soul|r ?& ?b|rnb|motown|gospel", "soul"),
    (r"ballad|slow swing", "ballad"),
    (r"swing|jazz|dixie|trad|gypsy|two.?beat", "swing"),
    (r"rock", "rock"),
    (r"pop|even|straight|8ths|16ths|smooth", "pop"),
    (r"alberti", "alberti"),
    (r"choral|hymn", "chorale"),
)


def groove_for(style: str, meter: Meter | None = None) -> str:
    """Name the band's style for a chart's words; "" where they say nothing known.

    Three beats in a bar turn a swing into a waltz.
    """
    text = style.strip().lower()[:200]
    found = next((name for words, name in _WORDS if re.search(rf"\b(?:{words})", text)), "")
    triple = meter is not None and meter.numerator == 3 and meter.denominator == 4
    return "jazz_waltz" if triple and found in ("swing", "up_tempo_swing") else found
