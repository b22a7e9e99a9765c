"""Signs and jumps by the names that charts give them."""

from __future__ import annotations

import re

from scband.chart.songmap import Jump, Mark

_MARKS = {
    "segno": Mark.SEGNO, "𝄋": Mark.SEGNO, "sign": Mark.SEGNO, "coda": Mark.CODA, "𝄌": Mark.CODA,
    "to coda": Mark.TO_CODA, "tocoda": Mark.TO_CODA, "al coda": Mark.TO_CODA,
    "fine": Mark.FINE, "fermata": Mark.FERMATA, "end": Mark.END,
}  # fmt: skip
_JUMP = re.compile(
    r"(d\.? ?c\.?|d\.? ?s\.?|da capo|dal segno)(?: ?al (fine|coda|[\w. ]{0,20}end[\w.]{0,10}))?\.?",
    re.IGNORECASE,
)


def ordinal(number: int) -> str:
    """Write 1st, 2nd, 3rd, 4th and so on."""
    teens = number % 100 in (11, 12, 13)
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def read_jump(text: str) -> Jump | None:
    """Read `D.C. al Fine`, `DS al Coda`, `D.S. al 2nd ending`; None for anything else."""
    match = _JUMP.fullmatch(text.strip()[:60])
    if match is None:
        return None
    start = "D.C." if re.sub(r"\W", "", match[1].lower()) in ("dc", "dacapo") else "D.S."
    al = (match[2] or "").lower()
    if "end" in al:
        digits = re.sub(r"\D", "", al)[:2]
        al = f"{ordinal(int(digits or 2))} ending"
    return Jump(start, al)


def read_mark(text: str) -> Mark | None:
    """Read the name of a sign; None for anything else."""
    return _MARKS.get(text.strip().lower())
