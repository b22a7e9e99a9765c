"""Measure the chart readers on a folder of Billboard texts: what comes back, and how fast.

Usage: python benchmarks/charts.py FOLDER
"""

from __future__ import annotations

import os
import platform
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from progressions import progressions

from scband.chart import Bar, ChordAt, Section, SongMap, encode, read, read_playlist, write_playlist
from scband.chart.billboard import read_billboard
from scband.theory import Chord, Key, chord, guess, quality


def sounding(song: SongMap) -> list[tuple[object, ...]]:
    """Give the chords of the played form with their beats."""
    found: list[tuple[object, ...]] = []
    for bar in song.expand():
        for item in bar.chords:
            heard = (item.chord.root, item.chord.bass, item.chord.intervals)
            if not found or found[-1][1:] != heard:
                found.append((round(bar.start + item.beat, 3), *heard))
    return found


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def corpus(folder: Path) -> list[SongMap]:
    """Read the folder and print how much of it is read."""
    paths = sorted(folder.glob("*.txt"))
    texts = [(path.name, path.read_text(encoding="utf-8")) for path in paths]
    songs: list[SongMap] = []
    took = timed(lambda: songs.extend(read_billboard(text, name) for name, text in texts))
    bars = sum(len(song.expand()) for song in songs)
    print(f"Billboard: {len(songs)} of {len(paths)} songs read, {bars} bars played out, ", end="")
    print(f"{len(songs) / took:.0f} songs/s")
    return songs


def round_trips(songs: list[SongMap]) -> None:
    for kind in ("text", "json"):
        same = sum(read(encode(song, kind)) == song for song in songs)
        print(f"{kind:9s} {same} of {len(songs)} songs come back the same in every field")
    for kind in ("chordpro", "ireal", "musicxml", "mxl", "midi"):
        started = time.perf_counter()
        same = sum(sounding(read(encode(song, kind))) == sounding(song) for song in songs)
        pace = len(songs) / (time.perf_counter() - started)
        print(
            f"{kind:9s} {same} of {len(songs)} songs sound the same, {pace:.0f} songs/s both ways"
        )


def playlists(songs: list[SongMap]) -> None:
    chance = random.Random(1)
    phrases = progressions()
    short = []
    for number in range(3000):
        chords = [item for _ in range(4) for item in chance.choice(phrases)][
            : chance.choice((16, 32))
        ]
        bars = [Bar((ChordAt(0.0, one),)) for one in chords]
        half = len(bars) // 2
        sections = (Section("A", tuple(bars[:half])), Section("B", tuple(bars[half:])))
        short.append(SongMap(sections, f"Song {number}", "Some Body", Key("C"), style="Swing"))
    for name, members in ((f"{len(short)} songs of 16-32 bars", short), ("the corpus", songs)):
        link = write_playlist(members, "All")
        took = min(timed(lambda link=link: read_playlist(link)) for _ in range(3))
        playlist = read_playlist(link)
        same = sum(sounding(a) == sounding(b) for a, b in zip(members, playlist.songs, strict=True))
        pace = len(members) / took
        print(f"iReal playlist, {name}: {same} of {len(members)} the same, {pace:.0f} songs/s")


def symbols() -> None:
    table = Path(__file__).parents[1] / "tests" / "theory" / "symbols.txt"
    names = [
        n for line in table.read_text().splitlines()[1:] for n in line.split(": ", 1)[1].split()
    ]
    names = [name for name in names if name.startswith("C") and name.count("(") == name.count(")")]

    def cold() -> None:
        for name in names:
            chord._parse.cache_clear()
            quality.parse.cache_clear()
            Chord(name)

    best = min(timed(cold) for _ in range(5)) / len(names)
    print(f"chord symbols: {best * 1e6:.1f} µs each without any cache ({len(names)} spellings)")


def keys(songs: list[SongMap]) -> None:
    """Compare keys found with the tonics that the corpus names, in songs with one tonic."""
    right = count = 0
    for song in songs:
        if song.key is None or any(bar.key for bar in song.bars):
            continue
        pairs = []
        for bar in song.expand():
            ends = [item.beat for item in bar.chords[1:]] + [bar.meter.beats]
            pairs += [(i.chord, end - i.beat) for i, end in zip(bar.chords, ends, strict=True)]
        count += 1
        right += guess(pairs).key.tonic == song.key.tonic
    print(f"keys: tonic right in {right} of {count} songs (a table half learnt from this corpus; "
          "84 % for the table alone, four-fold cross-validated)")  # fmt: skip


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )
    songs = corpus(Path(sys.argv[1]))
    round_trips(songs)
    playlists(songs)
    symbols()
    keys(songs)


if __name__ == "__main__":
    main()
