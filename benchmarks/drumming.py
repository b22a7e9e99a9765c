"""How near the drums come to drummers who were kept apart, and how near MMA's come.

    python benchmarks/drumming.py GROOVE_FOLDER

    python benchmarks/train_drums.py GROOVE_FOLDER -o FILE --apart drummer7
    python benchmarks/drumming.py GROOVE_FOLDER --table FILE --apart drummer7

The drummers that `train_drums.py` left out are the measure. For each source (the drummers that were
learned from, scband's styles, MMA's grooves) the same tables are counted from what it plays: how
likely each piece is on each step, how hard it is, how late. Then

- likelihood: bits a hit that the drummers kept apart cost under these tables (less is nearer); and
  under the mixture that `train_drums.py` learned, which is what scband draws from,
- distances to the tables counted from the drummers kept apart themselves: of velocity and timing
  the total variation (0-1) by piece, of the pattern the mean difference in probability by step.

MMA (mellowood.ca/mma, Debian's package) is the peer; without it on the path it is left out.
"""

from __future__ import annotations

import argparse
import math
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np
from groove_data import PIECES, TRIPLETS, Bar, bars_of, named, takes
from train_drums import APART, TOMS, fill_beats, is_groove

from scband import chart
from scband.agents import Band, contexts, drumming
from scband.agents.drumming import school

KINDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "rock": (("rock",), ("BasicRock", "BasicRock4", "SoftRock", "8Beat", "60sRock", "JazzRock")),
    "swing": (("swing",), ("Swing", "EasySwing", "Bebop", "ModernJazz", "JazzCombo", "Swing1")),
    "funk": (("funk",), ("BVFunk", "JazzRock", "DSoul")),
    "soul": (("soul",), ("DSoul", "BVFunk", "8Beat")),
    "hiphop": (("hip_hop",), ("BVFunk", "BasicRock", "Trance")),
    "pop": (("pop",), ("PopBallad", "8Beat", "SoftRock", "BasicRock")),
}
"""The school of those kept apart, scband's styles, MMA's grooves that come nearest."""

VELOCITIES = 12
LATE_BINS = np.arange(-47.5, 50, 5.0)


@dataclass(frozen=True)
class Tables:
    """What a source plays: probability by piece and step, and histograms by piece."""

    chance: np.ndarray
    velocity: np.ndarray
    late: np.ndarray
    velocity_sd: float
    late_sd: float
    bars: int


def count(bars: Sequence[Bar], grid: int) -> Tables:
    """Count bars, smoothed a little so that nothing is impossible."""
    chance = np.full((len(PIECES), 4 * grid), 0.5)
    velocity = np.full((len(PIECES), VELOCITIES), 0.5)
    late = np.full((len(PIECES), len(LATE_BINS) + 1), 0.5)
    hits = [hit for bar in bars for hit in bar.hits]
    home = float(np.mean([hit.late for hit in hits if abs(hit.late) < 45]))
    for hit in hits:
        piece = PIECES.index(hit.piece)
        chance[piece, hit.step] += 1
        velocity[piece, hit.velocity * VELOCITIES // 128] += 1
        late[piece, np.searchsorted(LATE_BINS, hit.late - home)] += 1
    return Tables(
        chance / (len(bars) + 1),
        velocity / velocity.sum(1, keepdims=True),
        late / late.sum(1, keepdims=True),
        float(np.std([hit.velocity for hit in hits])),
        float(np.std([hit.late for hit in hits])),
        len(bars),
    )


def bits(bars: Sequence[Bar], tables: Tables, grid: int) -> dict[str, float]:
    """Bits a hit that bars cost under tables: which strokes, how hard, how late."""
    chance = np.clip(tables.chance, 1e-3, 1 - 1e-3)
    hits = [hit for bar in bars for hit in bar.hits]
    home = float(np.mean([hit.late for hit in hits if abs(hit.late) < 45]))
    pattern = velocity = late = 0.0
    silent = -np.log2(1 - chance).sum()
    for bar in bars:
        pattern += silent
        for hit in bar.hits:
            piece = PIECES.index(hit.piece)
            p = chance[piece, hit.step]
            pattern += math.log2((1 - p) / p)
            velocity -= math.log2(tables.velocity[piece, hit.velocity * VELOCITIES // 128])
            late -= math.log2(tables.late[piece, np.searchsorted(LATE_BINS, hit.late - home)])
    return {
        "pattern": pattern / len(hits),
        "velocity": velocity / len(hits),
        "timing": late / len(hits),
    }


def mixture_bits(bars: Sequence[Bar], name: str) -> float:
    """Bits a hit under the grooves that were learned."""
    taught = school(name)
    steps = 4 * taught.grid
    total = hits = 0.0
    for bar in bars:
        struck = {(hit.piece, hit.step) for hit in bar.hits}
        chances = []
        for groove in taught.grooves:
            likely = {(cell.piece, cell.step): cell.chance for cell in groove.cells}
            log = math.log(groove.weight)
            for piece in PIECES:
                for step in range(steps):
                    p = min(max(likely.get((piece, step), 0.004), 0.004), 0.996)
                    log += math.log(p if (piece, step) in struck else 1 - p)
            chances.append(log)
        top = max(chances)
        total -= (top + math.log(sum(math.exp(c - top) for c in chances))) / math.log(2)
        hits += len(struck)
    return total / hits


def distance(one: Tables, other: Tables) -> dict[str, float]:
    """How far one source lies from another, pieces weighed by how often the other strikes them."""
    weight = other.chance.sum(1) / other.chance.sum()
    return {
        "pattern": float(np.abs(one.chance - other.chance).sum() / other.chance.sum()),
        "velocity": float((np.abs(one.velocity - other.velocity).sum(1) / 2 * weight).sum()),
        "timing": float((np.abs(one.late - other.late).sum(1) / 2 * weight).sum()),
    }


def fills(bars: Sequence[Bar]) -> dict[str, object]:
    """Shapes of fills: how many bars are some, shares of the lengths 1-4, strokes a beat, toms."""
    found = [(bar, fill_beats(bar)) for bar in bars]
    found = [(bar, length) for bar, length in found if length]
    if len(found) < 5:
        return {"bars that fill, %": round(100 * len(found) / max(len(bars), 1), 1)}
    lengths = [length for _, length in found]
    struck = [
        hit for bar, length in found for hit in bar.hits if hit.step >= (4 - length) * bar.grid
    ]
    return {
        "bars that fill, %": round(100 * len(found) / len(bars), 1),
        "of 1-4 beats, %": [round(100 * lengths.count(n) / len(found)) for n in range(1, 5)],
        "strokes a beat": round(len(struck) / sum(lengths), 1),
        "toms, %": round(100 * sum(hit.piece in TOMS for hit in struck) / len(struck)),
    }


def ours(styles: Iterable[str], grid: int, choruses: int = 3) -> list[Bar]:
    """Play a song in styles, softly and hard, and read it as a recording is read."""
    song = chart.read(Path(__file__).parent.parent / "examples" / "charts" / "night_drive.txt")
    found: list[Bar] = []
    for style in styles:
        for number, intensity in enumerate((0.3, 0.4, 0.5, 0.6, 0.7, 0.35, 0.55, 0.75)):
            band = Band(style, ("drums",), seed=number)
            tempo = 120.0
            at, strokes = 0.0, []
            for context in contexts(
                song.expand(), tempo=tempo, intensity=intensity, choruses=choruses
            ):
                for note in band.decide(context)["drums"]:
                    velocity = max(1, round(note.velocity * 127))
                    piece = named(note.pitch, velocity)
                    if piece:
                        strokes.append((at + note.start, piece, velocity))
                at += context.beats
            found += bars_of(strokes, tempo, grid)
    return found


def mmas(grooves: Sequence[str], grid: int, bars: int = 128) -> list[Bar]:
    """Let MMA play the same number of bars in its grooves, and read them as well."""
    lines = ["SeqRnd On", "Tempo 120", "RndSeed 5"]
    for number in range(bars * len(grooves)):
        if number % 32 == 0:
            lines.append(f"Groove {grooves[number // 32 % len(grooves)]}")
        lines.append(f"{number + 1} {('C', 'Am', 'F', 'G')[number % 4]}")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "song.mma"
        source.write_text("\n".join(lines) + "\n")
        subprocess.run(
            ["mma", "-m", "2000", str(source), "-f", str(source.with_suffix(".mid"))],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip
        file = mido.MidiFile(source.with_suffix(".mid"))
    now, strokes = 0, []
    for message in mido.merge_tracks(file.tracks):
        now += message.time
        drum = message.type == "note_on" and message.velocity and message.channel == 9
        if drum and (piece := named(message.note, message.velocity)):
            strokes.append((now / file.ticks_per_beat, piece, message.velocity))
    return list(bars_of(strokes, 120.0, grid))


def report(folder: Path, apart: Sequence[str]) -> None:
    """Print the figures of every kind."""
    everyone = list(takes(folder))
    for kind, (styles, grooves) in KINDS.items():
        grid = 3 if kind in TRIPLETS else 4
        mine = [take for take in everyone if take.school == kind]
        kept, learned = (
            [
                bar
                for take in mine
                if (take.drummer in apart) == side and take.kind == "beat"
                for bar in take.bars
                if is_groove(bar)
            ]
            for side in (True, False)
        )
        if not kept:
            continue
        names = sorted({take.drummer for take in mine if take.drummer in apart})
        print(f"{kind}: {len(kept)} bars of {', '.join(names)}")
        print(f"  bits a hit under the learned mixture (pattern)  {mixture_bits(kept, kind):.2f}")
        sources = {"the other drummers": learned, "scband": ours(styles, grid)}
        if shutil.which("mma"):
            sources["MMA"] = mmas(grooves, grid)
        target = count(kept, grid)
        print(f"  {'':22} bits a hit: pattern velocity timing  distance: pattern velocity timing"
              "   sd: velocity  ms")  # fmt: skip
        own = bits(kept, target, grid)
        print(f"  {'themselves':22}" + _row(own, dict.fromkeys(own, 0.0), target))
        for name, bars in sources.items():
            tables = count([bar for bar in bars if is_groove(bar)], grid)
            print(f"  {name:22}" + _row(bits(kept, tables, grid), distance(tables, target), tables))
        played = [bar for take in mine if take.drummer in apart for bar in take.bars]
        for name, bars in {"themselves": played, **sources}.items():
            if name != "the other drummers":
                print(f"  fills, {name:15} {fills(bars)}")


def _row(cost: Mapping[str, float], far: Mapping[str, float], tables: Tables) -> str:
    return (
        f" {cost['pattern']:19.2f} {cost['velocity']:8.2f} {cost['timing']:6.2f}"
        f" {far['pattern']:18.2f} {far['velocity']:8.2f} {far['timing']:6.2f}"
        f" {tables.velocity_sd:14.1f} {tables.late_sd:5.1f}   {tables.bars} bars"
    )


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="the Groove MIDI Dataset")
    parser.add_argument("--apart", nargs="*", default=list(APART), help="drummers left out")
    parser.add_argument("--table", type=Path, help="another table than scband's own")
    chosen = parser.parse_args()
    if chosen.table:
        drumming.TABLE = chosen.table
    report(chosen.folder, chosen.apart)


if __name__ == "__main__":
    main()
