"""One chart in every format that scband writes, each read back and compared.

Run it as `python examples/20_chart_gallery.py [CHART] [FOLDER]`: CHART is any chart (a built-in one
without), FOLDER a place for the files, which are then written there, too.
"""

from __future__ import annotations

import sys
from pathlib import Path

from scband.chart import SongMap, encode, read
from scband.theory import chord_scale, guess, voice
from scband.theory.harmony import find_modulations
from scband.theory.roman import roman

CHART = """
title: Gallery
composer: Nobody in Particular
key: Bb
tempo: 132
style: swing

[Intro]
| Bbmaj7 G7b9 | Cm7 F7sus |
[A]
|: Bb6 G7 | Cm7 F7 | Dm7 {alt Bb/D} G7b9 | Cm7 F7 |
| Fm7 Bb7 | Ebmaj7 Ab7#11 |1. Dm7 G7 | Cm7 F7 :|2. {to coda} Cm7 F7b9 | Bb6 |
[B]
| Am7b5 D7alt | % | Gm9 | C13 |
| {"half-time feel"} Cm11 | (2/4) Ebm6/Gb | (4/4) F7sus | F13b9 {D.S. al Coda} |
[Coda]
| {coda} Bb69 Gb7#11 | {fermata} Bbmaj9 {fine} |
"""
ENDINGS = {
    "text": ".txt", "chordpro": ".cho", "json": ".json", "ireal": ".ireal",
    "musicxml": ".musicxml", "mxl": ".mxl", "midi": ".mid", "lab": ".lab",
}  # fmt: skip


def sounding(song: SongMap) -> list[str]:
    """Give the chords of the played form, a change at a time."""
    found: list[str] = []
    for bar in song.expand():
        for item in bar.chords:
            name = item.chord.pretty()
            if not found or found[-1] != name:
                found.append(name)
    return found


def excerpt(data: bytes) -> str:
    """Show the beginning of a file, bytes as hexadecimal."""
    try:
        lines = data.decode().splitlines()
    except UnicodeDecodeError:
        return "  " + data[:48].hex(" ") + f" … ({len(data)} bytes)"
    shown = [f"  {line[:96]}{'…' if len(line) > 96 else ''}" for line in lines[:14]]
    return "\n".join(shown + ([f"  … ({len(lines)} lines)"] if len(lines) > 14 else []))


def formats(song: SongMap, folder: Path | None) -> None:
    """Print the chart in every format, read it back, and say whether it sounds the same."""
    for kind, ending in ENDINGS.items():
        data = encode(song, kind)
        again = read(data)
        same = "sounds the same" if sounding(again) == sounding(song) else "sounds different"
        if again == song:
            same = "the same in every field"
        print(f"\n=== {kind}: read back, {same}\n{excerpt(data)}")
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"chart{ending}").write_bytes(data)


def harmony(song: SongMap) -> None:
    """Print what scband makes of the chords: keys, numerals, scales, voicings."""
    bars = song.expand()
    chords = [item.chord for bar in bars for item in bar.chords if item.chord]
    found = guess(chords)
    print(f"\n=== harmony: {found.key} by the chords ({found.confidence:.0%} sure)")
    for span in find_modulations(chords):
        print(f"  chords {span.start + 1}-{span.end}: {span.key}")
    first = chords[:8]
    for chord, pitches in zip(first, voice(first, "rootless", key=found.key), strict=True):
        scale = chord_scale(chord, found.key)
        names = " ".join(found.key.spell(pitch) for pitch in pitches)
        print(f"  {chord.pretty():10s} {roman(chord, found.key):8s} {scale.name:18s} {names}")


def main() -> None:
    song = read(Path(sys.argv[1]) if len(sys.argv) > 1 else CHART)
    print(f"{song.title}: {len(song.bars)} bars written, {len(song.expand())} played")
    formats(song, Path(sys.argv[2]) if len(sys.argv) > 2 else None)
    harmony(song)


if __name__ == "__main__":
    main()
