"""What the players play, counted, and how fast they decide it.

    python benchmarks/players.py                    figures of the walking bass and the speed
    python benchmarks/players.py --midi FOLDER      also each song as MIDI, with its chords as JSON

The walking bass is counted over the example charts and progressions of many kinds: chord tones and
roots by beat, approaches into chord changes, sizes of intervals, turns of direction, range. Speed
is in processor time of one process, so that what else runs on the machine does not count: the very
first chorus, with every cache empty, another seed, the same again; and beside it that of MMA
(mellowood.ca/mma), where it is installed, with the same chords, its start included.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import mido

from scband import chart
from scband.agents import PLAYERS, Band, Context, Moment, contexts
from scband.agents.harmony import core
from scband.chart import SongMap

CHARTS = Path(__file__).parent.parent / "examples" / "charts"
PROGRESSIONS = (
    "| Dm7 | G7 | Cmaj7 | Cmaj7 | Dm7 G7 | Em7 A7 | Dm7 G7 | C6 |",
    "| Bb6 G7 | Cm7 F7 | Dm7 G7 | Cm7 F7 | Fm7 Bb7 | Eb7 Ab7 | Dm7 G7 | Cm7 F7 |",
    "| D7 | D7 | G7 | G7 | C7 | C7 | F7 | F7 |",
    "| Cm7 | Cm7 | Cm7 | Cm7 | Fm7 | Fm7 | Cm7 | Cm7 | Ab7 | G7 | Cm7 | Dm7b5 G7b9 |",
    "| Ebmaj7 | Ebm7 Ab7 | Dbmaj7 | Dbm7 Gb7 | Bmaj7 | Fm7b5 Bb7 | Ebmaj7 | Fm7 Bb7 |",
    "| Gm7 | C7 | Fmaj7 | Bbmaj7 | Em7b5 | A7b9 | Dm7 | Dm7 |",
    "| Amaj7 | Bm7 E7 | C#m7 F#7 | Bm7 E7 | Amaj7 A7 | Dmaj7 Dm7 | C#m7 F#7 | Bm7 E7 |",
    "| Dm7 | Dm7 | Dm7 | Dm7 | Ebm7 | Ebm7 | Dm7 | Dm7 |",
)
CHORUSES = 4
TEMPO = 160.0


def songs() -> list[SongMap]:
    """Read the swinging example charts, and the progressions."""
    named = [chart.read(CHARTS / f"{name}.txt") for name in ("blues_in_f", "autumn_walk")]
    return named + [chart.read(text) for text in PROGRESSIONS]


def form(song: SongMap, intensity: float = 0.6, choruses: int = CHORUSES) -> tuple[Context, ...]:
    """Lay out some choruses of a song."""
    return contexts(
        song.expand(), tempo=TEMPO, key=song.key, intensity=intensity, choruses=choruses
    )


def count_bass(seed: int = 0) -> dict[str, object]:
    """Count what the walking bass does on every song."""
    counts: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    pitches: list[int] = []
    bars: Counter[tuple[tuple[float, int], ...]] = Counter()
    for number, song in enumerate(songs()):
        band = Band("swing", ("bass",), seed=seed + number, humanise=0.0)
        line = []
        for context in form(song):
            if context.moment is Moment.ENDING:
                break
            notes = band.decide(context)["bass"]
            chord = context.bar.chords[0].chord
            bars[tuple((n.start, (n.pitch - (chord.bass or 0)) % 12) for n in notes)] += 1
            line += [(note, context.chord_at(note.start)) for note in notes]
        for note, chord in line:
            beat = round(note.start, 2)
            if beat == int(beat):
                counts[f"beat {int(beat) + 1}"] += 1
                counts[f"chord tone {int(beat) + 1}"] += note.pitch % 12 in core(chord)
                counts[f"root {int(beat) + 1}"] += note.pitch % 12 == chord.bass
            pitches.append(note.pitch)
        directions = []
        for (before, old), (after, new) in pairwise(line):
            size = abs(after.pitch - before.pitch)
            counts["moves"] += 1
            sizes[_group(size)] += 1
            directions.append((after.pitch > before.pitch) - (after.pitch < before.pitch))
            if new != old:
                counts["changes"] += 1
                counts["root at change"] += after.pitch % 12 == new.bass
                counts["half step in"] += size == 1
                counts["whole step in"] += size == 2
                counts["fourth or fifth in"] += size in (5, 7)
                counts["same note in"] += size == 0
        moving = [(a, b) for a, b in pairwise(directions) if a and b]
        counts["pairs"] += len(moving)
        counts["turns"] += sum(a != b for a, b in moving)
    return _figures(counts, sizes, sorted(pitches), bars)


def _group(size: int) -> str:
    groups = ((0, "0"), (1, "1"), (2, "2"), (4, "3-4"), (5, "5"), (6, "6"), (7, "7"), (11, "8-11"))
    return next((name for top, name in groups if size <= top), "12" if size == 12 else ">12")


def _figures(
    counts: Counter[str], sizes: Counter[str], pitches: Sequence[int], bars: Counter[object]
) -> dict[str, object]:
    def share(part: str, whole: str) -> float:
        return round(100 * counts[part] / counts[whole], 1)

    into = ("root at change", "half step in", "whole step in", "fourth or fifth in", "same note in")
    return {
        "bars": bars.total(),
        "notes a bar": round(len(pitches) / bars.total(), 2),
        "range, MIDI": (pitches[0], pitches[-1]),
        "5-95 %, MIDI": (pitches[len(pitches) // 20], pitches[-len(pitches) // 20]),
        "chord tone by beat, %": [share(f"chord tone {b}", f"beat {b}") for b in range(1, 5)],
        "root by beat, %": [share(f"root {b}", f"beat {b}") for b in range(1, 5)],
        **{f"{name}, %": share(name, "changes") for name in into},
        "turns, %": share("turns", "pairs"),
        "interval, %": {
            name: round(100 * sizes[name] / counts["moves"], 1)
            for name in ("0", "1", "2", "3-4", "5", "6", "7", "8-11", "12", ">12")
        },
        "distinct bars, %": round(100 * len(bars) / bars.total(), 1),
        "commonest bar, %": round(100 * bars.most_common(1)[0][1] / bars.total(), 1),
    }


def measure_speed(rounds: int = 7) -> dict[str, object]:
    """Time the decisions of a band: bars a second, a 32-bar chorus of five, the slowest bar."""
    song = chart.read(CHARTS / "autumn_walk.txt")
    first = form(song, choruses=1)
    five = Band("swing", PLAYERS[:5], seed=1)
    cold = _seconds(five, first)
    long = form(song, choruses=10)
    warm = min(_seconds(five, first) for _ in range(rounds))
    fresh = [
        _seconds(Band("swing", PLAYERS[:5], seed=seed), first) for seed in range(2, 2 + rounds)
    ]
    whole = Band("swing", PLAYERS, seed=1)
    each = sorted(_one_bar(whole, context) for context in long)
    fresh_bars = sorted(measure_unheard_bars())
    return {
        "32 bars, 5 players, the very first, ms": round(1000 * cold, 1),
        "32 bars, 5 players, another seed (median), ms": round(1000 * statistics.median(fresh), 1),
        "32 bars, 5 players, again, ms": round(1000 * warm, 1),
        "bars a second, 5 players, another seed": round(len(first) / statistics.median(fresh)),
        "bars a second, 5 players, 1024 bars": _long_run(song),
        "bars a second, MMA, 4096 bars": measure_peer(song),
        "one bar, 6 players, median and 99th of 100, ms": _middle_and_tail(each),
        "one bar of chords never met, 5 players, ms": _middle_and_tail(fresh_bars),
    }


def _middle_and_tail(times: Sequence[float]) -> tuple[float, float]:
    return (
        round(1000 * statistics.median(times), 2),
        round(1000 * times[len(times) * 99 // 100], 2),
    )


def _one_bar(band: Band, context: Context) -> float:
    start = time.perf_counter()
    band.decide(context)
    return time.perf_counter() - start


def measure_unheard_bars(rounds: int = 6) -> list[float]:
    """Time bars of two chords each that nothing has met before: the best of some processes.

    Each process plays 84 chords, every one of them once, and prints its times.
    """
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import players;print(*players.unheard_bars())"
    )
    command = [sys.executable, "-c", script, str(Path(__file__).parent)]
    runs = [
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
        for _ in range(rounds)
    ]
    return [min(times) for times in zip(*(map(float, run.split()) for run in runs), strict=True)]


def unheard_bars() -> list[float]:
    """Time each bar of a song in which no chord comes twice.

    What the imports left is put out of the garbage collector's sight first, as a program that may
    not pause does.
    """
    gc.collect()
    gc.freeze()
    qualities = ("", "m", "7", "m7", "maj7", "m7b5", "7b9")
    roots = ("C", "F#", "D", "Ab", "E", "Bb", "G", "Db", "A", "Eb", "B", "F")
    names = [root + quality for quality in qualities for root in roots]
    bars = " | ".join(f"{one} {two}" for one, two in zip(names[::2], names[1::2], strict=True))
    band = Band("swing", PLAYERS[:5], seed=1)
    return [_one_bar(band, context) for context in contexts(chart.read(f"| {bars} |").expand())]


def _long_run(song: SongMap) -> dict[str, int]:
    """Play 32 choruses in some styles: bars a second."""
    bars = form(song, choruses=32)
    return {
        style: round(len(bars) / _seconds(Band(style, PLAYERS[:5], seed=3), bars))
        for style in ("swing", "rock", "bossa")
    }


def measure_peer(song: SongMap) -> dict[str, int] | None:
    """Let MMA play the same chords for as long: bars a second, None where it is not installed."""
    if shutil.which("mma") is None:
        return None
    played = [" ".join(str(change.chord) for change in bar.chords) for bar in song.expand()]
    found = {}
    for groove in ("Swing", "BasicRock", "BossaNova"):
        lines = [f"Tempo {TEMPO:g}", f"Groove {groove}"]
        lines += [f"{n + 1} {played[n % len(played)]}" for n in range(4096)]
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "song.mma"
            source.write_text("\n".join(lines) + "\n")
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            command = ["mma", "-m", "5000", str(source), "-f", str(source.with_suffix(".mid"))]
            subprocess.run(command, check=True, capture_output=True, timeout=120)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        found[groove] = round(4096 / spent)
    return found


def _seconds(band: Band, form: Sequence[Context]) -> float:
    start = time.process_time()
    for context in form:
        band.decide(context)
    return time.process_time() - start


def write_midi(folder: Path, style: str = "swing", intensity: float = 0.6) -> None:
    """Write every song as NAME.mid, one track a player, and its chords as NAME.json."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, song in enumerate(songs()):
        name = song.title.lower().replace(" ", "_") or f"progression_{number}"
        bars = form(song, intensity)
        _midi(Band(style, seed=number), bars).save(folder / f"{name}.mid")
        chords = [[[c.beat, str(c.chord)] for c in context.bar.chords] for context in bars]
        sections = [[i, c.bar.section] for i, c in enumerate(bars) if c.section_begins]
        data = {
            "title": name,
            "beats_per_bar": round(bars[0].beats),
            "bars": chords,
            "sections": sections,
        }
        (folder / f"{name}.json").write_text(json.dumps(data))


def _midi(band: Band, bars: Sequence[Context]) -> mido.MidiFile:
    file = mido.MidiFile(ticks_per_beat=960)
    events: dict[str, list[tuple[int, int, int, int]]] = {player: [] for player in band.players}
    at = 0.0
    for context in bars:
        for player, notes in band.decide(context).items():
            for note in notes:
                start, end = (
                    round(960 * (at + note.start)),
                    round(960 * (at + note.start + note.length)),
                )
                events[player] += [(start, 1, note.pitch, max(1, round(note.velocity * 127)))]
                events[player] += [(max(end, start + 1), 0, note.pitch, 0)]
        at += context.beats
    for channel, (player, found) in enumerate(events.items()):
        track = file.add_track(player)
        if not channel:
            track.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(TEMPO)))
        now = 0
        for tick, _, pitch, velocity in sorted(found):
            number = 9 if player == "drums" else channel
            track.append(
                mido.Message(
                    "note_on", channel=number, note=pitch, velocity=velocity, time=tick - now
                )
            )
            now = tick
    return file


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--midi", type=Path, help="write the songs into this folder too")
    parser.add_argument("--style", default="swing")
    parser.add_argument("--intensity", type=float, default=0.6)
    chosen = parser.parse_args()
    for title, figures in (("speed", measure_speed()), ("walking bass", count_bass())):
        print(title)
        for name, value in figures.items():
            print(f"  {name:48} {value}")
    if chosen.midi:
        write_midi(chosen.midi, chosen.style, chosen.intensity)


if __name__ == "__main__":
    main()
