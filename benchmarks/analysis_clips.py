"""Clips with known beats, chords and key for `analysis.py`, made on the spot.

Songs of two phrases in a known key, major or minor, in any transposition: played by the band of
`scband.agents` with drifting time (`beat_material.py`), or by MMA, an arranger that is not ours
(`arranger.py`). Both are rendered by FluidSynth. Beside each .wav lie .beats, .lab (Harte) and
.key. Everything comes from the seed.
"""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import arranger
import numpy as np
import soundfile
from beat_material import (
    CHANNELS,
    FONTS,
    RATE,
    Piece,
    Struck,
    in_time,
    produced,
    pulses_of,
    rendered,
)

from scband.agents import Band
from scband.agents import style as styles
from scband.agents.form import Form
from scband.chart import Bar, ChordAt, Section, SongMap
from scband.errors import ScbandError
from scband.score import Meter
from scband.studio.performance import Performance
from scband.theory import Chord, Key

PHRASES = {
    "C": (
        "C Am F G", "C G Am F", "C F C G", "Am F C G", "C Em F G", "C F G C", "F G Em Am",
        "C D7 G7 C", "Dm7 G7 Cmaj7 Cmaj7", "Cmaj7 A7 Dm7 G7", "Em7 A7 Dm7 G7", "Fmaj7 Fm6 Cmaj7 A7",
        "C7 F7 C7 G7", "C C/E F G7sus4", "Cmaj7 Bm7b5 E7 Am7", "C6 C#dim7 Dm7 G7",
    ),
    "Am": (
        "Am F C G", "Am Dm E7 Am", "Am G F E7", "Am C Dm E", "Am Em Dm Am", "Am Am/G F E7",
        "Bm7b5 E7 Am7 Am7", "Am7 Dm7 G7 Cmaj7", "Fmaj7 Bm7b5 E7 Am7", "Am6 Dm6 E7 Am6",
        "Am7 D7 Am7 D7", "Dm7 Am7 Bm7b5 E7",
    ),
}  # fmt: skip
STEPS = ("P1", "m2", "M2", "m3", "M3", "P4", "d5", "P5", "m6", "M6", "m7", "M7")
HALF_TIME = ("reggae",)  # tapped at half of what is written
METERS = ("4/4", "3/4")
SECONDS = 40.0


def song(dice: random.Random, meter: Meter, bars: int) -> SongMap:
    """Write a song: two phrases as AABA, begun and ended on the tonic, in a key by lot."""
    home = dice.choice(tuple(PHRASES))
    first, second = (phrase.split() for phrase in dice.sample(PHRASES[home], 2))
    tonic, step = ("Am" if home == "Am" else "C"), dice.choice(STEPS)
    names = [tonic, *first[1:], *first, *second, *first]
    names = [names[n % len(names)] for n in range(bars - 1)] + [tonic]
    written = [Bar((ChordAt(0.0, Chord(name).transposed(step)),)) for name in names]
    sections = tuple(
        Section("ABC"[n // 4 % 3], tuple(written[n : n + 4])) for n in range(0, bars, 4)
    )
    key = Chord(tonic).transposed(step).root_name + ("m" if home == "Am" else "")
    return SongMap(sections, key=Key(key), meter=meter, tempo=120.0)


def own_clip(target: Path, dice: random.Random) -> None:
    """Let this library's band play a song, and write what is true of it."""
    style = styles.load(dice.choice([n for n in styles.names() if n not in HALF_TIME]))
    meter = Meter.parse(next(m for m in (*style.meters, "4/4") if m in METERS))
    tempo = style.tempo * dice.uniform(0.8, 1.25)
    bars = max(8, round(SECONDS * tempo / 60 / meter.beats))
    made = song(dice, meter, bars)
    players = [p for p in CHANNELS if p in ("bass", "keys") or dice.random() < 0.6]
    played = Performance(
        Form(made, choruses=1, count_in=False, ends=False),
        Band(style, tuple(players), dice.randrange(1 << 30)), tempo, 0.5, 1.0,
    )  # fmt: skip
    notes = tuple(
        Struck(max(n.start, 0.0), n.length, n.pitch, n.velocity, player)
        for player, part in played.parts().items()
        for n in part
    )
    pulses, places = pulses_of(meter, bars)
    timed = in_time(Piece(style.name, notes, pulses, places, tempo), dice)
    end = float(timed.beats[-1] + np.diff(timed.beats)[-1])
    sound = produced(rendered([timed], dice, FONTS[:2])[0], dice)[: int((end + 0.3) * RATE)]
    soundfile.write(target.with_suffix(".wav"), sound, RATE)
    rows = np.stack([timed.beats, timed.places + 1], 1)
    np.savetxt(target.with_suffix(".beats"), rows, ["%.6f", "%d"], "\t")
    edges = np.interp(
        np.arange(bars + 1) * float(meter.beats),
        [*pulses, bars * float(meter.beats)],
        [*timed.beats, end],
    )
    labels = [item.chord.harte() for bar in made.expand() for item in bar.chords]
    lines = [
        f"{a:.6f}\t{b:.6f}\t{c}\n" for a, b, c in zip(edges[:-1], edges[1:], labels, strict=True)
    ]
    target.with_suffix(".lab").write_text("".join(lines))
    assert made.key is not None
    target.with_suffix(".key").write_text(f"{made.key.tonic_name} {made.key.mode}\n")
    facts = {"style": style.name, "meter": str(meter), "tempo": tempo, "key": str(made.key)}
    target.with_suffix(".json").write_text(json.dumps(facts))


def arranged_clip(target: Path, dice: random.Random) -> None:
    """Let MMA play a song; what is true of it is written by `arranger.render`."""
    meter = Meter(dice.choice((4, 4, 4, 3)), 4)
    made = song(dice, meter, 32)
    bars = tuple(made.expand())
    arranger.render(arranger.Excerpt(made, bars, int(meter.beats)), dice, target, SECONDS)


def missing() -> str:
    """Say what is not installed that making clips needs, "" for nothing."""
    if shutil.which("fluidsynth") is None:
        return "FluidSynth (Debian: apt install fluidsynth)"
    return "" if FONTS else "a General MIDI sound font (Debian: apt install timgm6mb-soundfont)"


def make(folder: Path, count: int, seed: int) -> list[Path]:
    """Make folders of `count` clips each: by the own band and, where it is installed, by MMA."""
    makers = {"own band": own_clip}
    if shutil.which("mma"):
        makers["MMA"] = arranged_clip
    else:
        print("mma is not installed, so no clips of an arranger that is not ours")
    folders = []
    for name, maker in makers.items():
        inside = folder / name
        inside.mkdir(parents=True)
        dice = random.Random(f"{name} {seed}")
        made = tries = 0
        while made < count and tries < 4 * count:
            tries += 1
            try:
                maker(inside / f"clip{made:02d}", dice)
            except ScbandError as error:  # MMA does not know every chord
                print(error)
                continue
            made += 1
        folders.append(inside)
    return folders
