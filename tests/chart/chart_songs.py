"""Song maps for the tests: one with every sign, and random ones for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from scband.chart import Bar, ChordAt, Jump, Mark, Section, SongMap, read
from scband.score import Meter
from scband.theory import Chord, Key

EVERYTHING = read(
    """
title: Everything
composer: Nobody Known
key: Bb
meter: 4/4
tempo: 132.5
style: Bossa Nova

[Intro]
| {beats 1} N.C. | Bbmaj7 | Gm7 Gb7 | % {segno} |
[A] (A')
|: Cm7 F7 . . | Bbmaj7 {alt Bb6} | Am7b5@1 D7b9@3.5 |1,2. Gm7 |
| {"slowly"} C13#11/E :|
|3. Fm9 {to coda} | Bb7alt |
[B] x2
| (3/4) Ebmaj7#11 . Eb6 | Ab7sus | (7/8) D7#5#9 G/B |
| (4/4) {key Gm} Gm(maj7) | Cm7 | %% | %% {fermata} |
[C]
| Cm11 | F7 {D.S. al Coda} |
[Coda]
| {coda} Bb69 | . | Ebm6/Gb {fine} |
"""
)

CHORDS = [
    Chord(name)
    for name in (
        "C", "Dm7", "G7", "Cmaj7", "F#m7b5", "B7b9", "Em9", "A13", "Ebmaj7#11", "Ab7sus", "Db69",
        "Gm(maj7)", "Bdim7", "C7alt", "D7#5#9", "F/A", "C7b13", "N.C.", "G7susb9", "Bbm11", "E5",
        "Abadd9", "Dsus2", "C11", "F#7(add13)", "Gbmaj7/Bb",
    )
]  # fmt: skip
METERS = [
    Meter(4, 4),
    Meter(3, 4),
    Meter(6, 8),
    Meter(5, 4),
    Meter(7, 8),
    Meter(12, 8),
    Meter(2, 4),
]
KEYS = [Key(name) for name in ("C", "Bb", "F#m", "Eb", "Am", "Db", "D dorian")]
NAMES = ["A", "B", "C", "Verse", "Chorus", "Intro", "Bridge", "Solo"]
_WORDS = st.text("abcdefgh ABC123'.", max_size=12).map(lambda text: " ".join(text.split()))


@st.composite
def bars(draw: st.DrawFn, meter: Meter) -> Bar:
    slots = sorted(draw(st.sets(st.integers(0, meter.numerator - 1), max_size=4)))
    unit = 4.0 / meter.denominator
    chords = tuple(ChordAt(unit * slot, draw(st.sampled_from(CHORDS))) for slot in slots)
    return Bar(chords)


@st.composite
def songs(draw: st.DrawFn, *, signs: bool = True) -> SongMap:
    """Draw a song with sections, meter changes, repeats, endings and a jump."""
    first = meter = draw(st.sampled_from(METERS))
    sections: list[Section] = []
    for number in range(draw(st.integers(1, 4))):
        written: list[Bar] = []
        for index in range(draw(st.integers(1, 6))):
            change = draw(st.sampled_from([None, None, None, None, *METERS]))
            changed = change if change is not None and change != meter else None
            meter = changed or meter
            bar = draw(bars(meter))
            if index and not bar.chords and not changed:
                bar = Bar(simile=draw(st.sampled_from([0, 1])))
            marks = draw(st.frozensets(st.sampled_from([Mark.SEGNO, Mark.FERMATA]), max_size=1))
            if number == index == 0 and not (bar.chords and bar.chords[0].beat == 0):
                bar = Bar((ChordAt(0.0, draw(st.sampled_from(CHORDS))),))
            written.append(
                Bar(bar.chords, changed, simile=bar.simile, marks=marks if signs else frozenset())
            )
        if len(written) > 1 and written[-1].meter is None and draw(st.integers(0, 4)) == 0:
            written += [Bar(simile=2), Bar(simile=2)]
        if signs and len(written) > 2 and draw(st.booleans()):
            written = _repeated(written, draw(st.booleans()), draw(st.integers(2, 4)))
        times = draw(st.sampled_from([1, 1, 1, 2, 3])) if signs else 1
        sections.append(Section(NAMES[number], tuple(written), times))
    if signs and draw(st.booleans()):
        last = sections[-1].bars[-1]
        jump = draw(st.sampled_from([Jump("D.C."), Jump("D.S."), Jump("D.C.", "fine")]))
        changed_bar = Bar(
            last.chords, last.meter, None, last.simile, last.repeat_start, last.repeat_end,
            last.ending, last.marks, jump,
        )  # fmt: skip
        kept = sections[-1]
        sections[-1] = Section(kept.name, (*kept.bars[:-1], changed_bar), kept.times)
    return SongMap(
        tuple(sections), draw(_WORDS), draw(_WORDS), draw(st.sampled_from([None, *KEYS])),
        draw(st.sampled_from([120.0, 90.0, 143.5])), draw(st.sampled_from(["", "swing", "Rock"])),
        first,
    )  # fmt: skip


def _repeated(written: list[Bar], endings: bool, times: int) -> list[Bar]:
    from dataclasses import replace

    found = list(written)
    found[0] = replace(found[0], repeat_start=True)
    if not endings or found[-1].simile == 2:  # a pair of bars is not torn by endings
        found[-1] = replace(found[-1], repeat_end=times)
        return found
    found[-2] = replace(found[-2], ending=(1,), repeat_end=2)
    found[-1] = replace(found[-1], ending=(2,))
    return found


def sounding(song: SongMap) -> list[tuple[float, int | None, int | None, frozenset[int]]]:
    """Give the chords of the played form with their beats: what every format must keep."""
    found: list[tuple[float, int | None, int | None, frozenset[int]]] = []
    for bar in song.expand():
        for item in bar.chords:
            chord = item.chord
            heard = (chord.root, chord.bass, chord.intervals)
            if not found or found[-1][1:] != heard:
                found.append((round(bar.start + item.beat, 4), *heard))
    return found
