"""Every reader of charts, chords and MIDI files against thousands of damaged inputs.

Whatever comes in, only our own errors come out, each within a second.
"""

import contextlib
import random
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from scband.chart import encode
from scband.chart.billboard import read_billboard
from scband.chart.chordpro import read_chordpro
from scband.chart.files import read
from scband.chart.ireal import read_playlist
from scband.chart.irealgrid import read_grid
from scband.chart.irealwriter import write_grid
from scband.chart.jsonchart import read_json
from scband.chart.lab import read_lab
from scband.chart.midichart import read_midi_chart
from scband.chart.musicxml import read_musicxml
from scband.chart.text import read_text
from scband.errors import ScbandError
from scband.score.midifile import read_midi
from scband.theory import Chord, Key
from scband.theory.roman import from_roman

sys.path.insert(0, str(Path(__file__).parents[1] / "chart"))
from chart_songs import EVERYTHING as SONG

SHORT = read("| C | F/A G7 | Am |")
BILLBOARD = """# title: Made Up
# artist: Nobody
# metre: 4/4
# tonic: Ab

0.0\tsilence
1.5\tA, intro, | Ab:maj | Db:maj/5 Eb:7 | (2/4) F:min7 | G:hdim7 . C:7(b9) . |, (synth)
# metre: 3/4
12.25\tB', verse, | * | &pause | Eb:sus4(b7,9) | x3, voice)
# tonic: C
30.0\t| C:maj | N | ->
40.5\tZ, noise
41.0\tend
"""
LYRICS = """{title: Song}
{key: G}
{time: 3/4}
{soc}
[G]Words and [Am7/D]more | words [D7sus4]here
{eoc}
{start_of_grid label="B"}
|: C . . | % | D~G . . :|x3 |1 C . . :|2 F . . |
{end_of_grid}
{comment: D.C. al Fine}
{chorus}
"""


def texts(kind: str) -> str:
    return encode(SONG, kind).decode()


SEEDS: dict[str, tuple[object, Callable[[object], object]]] = {
    "text": (texts("text"), read_text),
    "lines": ("Verse:\nC G Am F\nla la la\n[A] x2\n|: C | F :|x3\n", read_text),
    "json": (texts("json"), read_json),
    "chordpro": (LYRICS, read_chordpro),
    "ireal": (texts("ireal"), read_playlist),
    "irealbook": ("irealbook://T=A B=Swing=C-=n=T44*A{C^7 |A-7(Ab7) Q|N1x }N2n Z", read_playlist),
    "grid": (write_grid(SONG), lambda text: read_grid(text, "grid")),
    "billboard": (BILLBOARD, read_billboard),
    "lab": (texts("lab") + "0.0 1\n0.5 2\n1.0 1\n", read_lab),
    "any": (texts("text"), read),
    "chord": ("F#m7b5(add11,no3)/C", Chord),
    "harte": ("Bb:sus4(b7,9,*5)/b3", Chord),
    "german": ("Fis-7/H", lambda text: Chord.parse(text, "german")),
    "roman": ("bVII7#9/3", lambda text: from_roman(text, Key("Eb"))),
    "key": ("F# minor", Key),
    "musicxml": (texts("musicxml"), lambda text: read_musicxml(text.encode("utf-8", "ignore"))),
    "musicxml bytes": (encode(SONG, "musicxml"), read_musicxml),
    "mxl": (encode(SONG, "mxl"), read_musicxml),
    "midi": (encode(SHORT, "midi"), read_midi),
    "midi chart": (encode(SHORT, "midi"), read_midi_chart),
}
_SPICE = [
    "|", ":|", "|:", "{", "}", "[", "]", "(", ")", "%", "/", "@", "x9999999", "\x00", "\n", "=",
    "<", "999999999999999999999", "-1", "0/0", "4/0", "1e400", "nan", "♭", "𝄋", "N.C.", "==", "*",
    "Z",
    "D.C. al Fine", "&", "\ud800".encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
]  # fmt: skip


def mutated_text(text: str, chance: random.Random) -> str:
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        at = chance.randrange(len(text) + 1)
        end = min(len(text), at + chance.choice((1, 1, 2, 5, 40)))
        kind = chance.randrange(9)
        if kind == 0:
            text = text[:at] + text[end:]
        elif kind > 5:
            text = other_word(text, chance)
        elif kind == 1:
            text = text[:at] + chance.choice(_SPICE) + text[at:]
        elif kind == 2:
            text = text[:at] + chance.choice(_SPICE) + text[end:]
        elif kind == 3:
            text = text[:at] + text[at:end] * chance.randint(2, 20) + text[end:]
        elif kind == 4:
            text = (
                text[:at]
                + chr(chance.choice((chance.randrange(128), chance.randrange(0x3000))))
                + text[end:]
            )
        else:
            text = text[:at] if chance.random() < 0.3 else text[:at] + text[at:].swapcase()
    return text


def other_word(text: str, chance: random.Random) -> str:
    """Put another number or word, from the text or not, in the place of one of the text's."""
    words = list(re.finditer(r"\d+|[A-Za-z-]+|[#♭@|:]+", text))
    if not words:
        return text + "1"
    place = chance.choice(words)
    other = chance.choice((chance.choice(words)[0], chance.choice(_NUMBERS)))
    return text[: place.start()] + other + text[place.end() :]


_NUMBERS = ("0", "-1", "1", "2", "3", "7", "13", "64", "128", "1000", "99999", "9" * 40, "1e9", "")


def mutated_bytes(data: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        at = chance.randrange(len(data) + 1)
        end = min(len(data), at + chance.choice((1, 1, 2, 4, 30)))
        kind = chance.randrange(9)
        if kind > 4:  # as long as before, so that the sizes inside still fit
            data = data[:at] + chance.randbytes(end - at) + data[end:]
        elif kind == 0:
            data = data[:at] + data[end:]
        elif kind == 1:
            data = data[:at] + chance.randbytes(chance.randint(1, 8)) + data[end:]
        elif kind == 2:
            data = data[:at] + b"\xff" * chance.randint(1, 5) + data[end:]
        elif kind == 3:
            data = data[:at] + data[at:end] * chance.randint(2, 10) + data[end:]
        else:
            data = data[:at] if chance.random() < 0.3 else data[:at] + chance.choice(
                (b"<!ENTITY a 'b'>", b"MTrk", b"-1", b"1e999", b"9" * 30, b"\x00", b"</measure>")
            ) + data[end:]  # fmt: skip
    return data


def bombard(name: str, count: int, seed: int) -> float:
    """Feed mutants to a reader; give the longest time that one took."""
    original, reader = SEEDS[name]
    reader(original)
    chance = random.Random(f"{name} {seed}")
    longest = 0.0
    for number in range(count):
        mutant = (
            mutated_text(original, chance)
            if isinstance(original, str)
            else mutated_bytes(original, chance)  # type: ignore[arg-type]
        )
        started = time.perf_counter()
        try:
            reader(mutant)
        except ScbandError:
            pass
        except Exception as error:
            message = f"{name}, seed {seed}, mutant {number}: {mutant!r}"
            raise AssertionError(message[:4000]) from error
        longest = max(longest, time.perf_counter() - started)
    return longest


DEEP = ("musicxml", "musicxml bytes", "midi chart")
COUNTS = {name: 600 if name in DEEP else 1000 for name in SEEDS}


@pytest.mark.parametrize("name", SEEDS)
def test_damaged_input_gives_only_our_errors_and_within_a_second(name: str) -> None:
    assert bombard(name, COUNTS[name], seed=1) < 1.0


def test_ten_thousand_mutants_are_tried() -> None:
    assert sum(COUNTS.values()) >= 10_000


LONG = [
    "a:" + " " * 100_000 + "x", "{t" + " " * 100_000 + "x}", "(" * 50_000, "<" * 50_000,
    "| " * 60_000, "# title" + " " * 100_000 + "x", "*" * 50_000, "C" + " " * 90_000 + "m",
    "[" * 90_000, "{" * 90_000, "irealb://" + "a=" * 100_000, "{" + " " * 90_000 + "}",
    "irealbook://a=b=c=C=n=" + "(C" * 40_000, "irealbook://a=b=c=C=n=" + "<*" * 40_000,
    "key: C" + " " * 90_000 + "!", "| C " * 60_000, "0.0 1.0 C\n" * 15_000,
    "# metre: 4/4\n0.0\tA, " + "| C:maj " * 20_000 + "|",
]  # fmt: skip


@pytest.mark.parametrize("text", LONG, ids=range(len(LONG)))
@pytest.mark.parametrize("name", [n for n, (seed, _) in SEEDS.items() if isinstance(seed, str)])
def test_very_long_input_takes_no_longer_than_a_second_or_two(name: str, text: str) -> None:
    started = time.perf_counter()
    with contextlib.suppress(ScbandError):
        SEEDS[name][1](text)
    assert time.perf_counter() - started < 3.0


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(2, 22))
@pytest.mark.parametrize("name", SEEDS)
def test_damaged_input_gives_only_our_errors_for_long(name: str, seed: int) -> None:
    assert bombard(name, 1500, seed) < 1.0
