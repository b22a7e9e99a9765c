"""Recordings with exactly known beats, made to teach and to test: the takes and how they sound.

A take is a band of `scband.agents` in any of its styles, a piece invented on the spot
(`beat_inventions.py`), or a human drummer of the Groove MIDI Dataset with or without invented
accompaniment. Its tempo drifts, steps or stays; it is rendered by FluidSynth with any General MIDI
sound font found, any instruments, detuned, with room, equaliser, saturation and noise. Every
choice comes from the seed. Debian: `apt install fluidsynth fluid-soundfont-gm timgm6mb-soundfont
musescore-general-soundfont-small`.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import mido
import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from scband.agents import Band
from scband.agents import style as styles
from scband.agents.form import Form
from scband.chart import SongMap, read
from scband.chart.songmap import Bar, ChordAt, Section
from scband.errors import ScbandError
from scband.score import Meter
from scband.studio.performance import Performance
from scband.theory import Chord

RATE = 22_050
FONTS = tuple(
    path
    for path in (
        Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"),
        Path("/usr/share/sounds/sf2/TimGM6mb.sf2"),
        Path("/usr/share/sounds/sf3/MuseScore_General.sf3"),
        Path("/usr/share/sounds/sf3/MuseScore_General_Lite.sf3"),
    )
    if path.exists()
)
CHANNELS = {"bass": 1, "keys": 2, "guitar": 3, "pad": 4, "lead": 5, "drums": 9}
PROGRAMS: dict[str, tuple[int, ...]] = {
    "bass": tuple(range(32, 40)),
    "keys": (0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 16, 17, 18, 21, 46, 48, 61, 62, 88, 90),
    "guitar": (24, 25, 26, 27, 28, 29, 30, 15, 45, 104, 105, 106),
    "pad": (48, 49, 50, 51, 52, 54, 89, 92, 94, 95),
    "lead": (0, 4, 9, 11, 22, 25, 26, 29, 40, 41, 42, 53, 56, 57, 59, 64, 65, 66, 68, 71, 73, 75,
             79, 80, 81, 82, 108, 110),
    "drums": (0, 0, 8, 16, 24, 25, 32, 40, 48),
}  # fmt: skip
DOUBTFUL = ("swing", "swing", "swing", "jazz_waltz", "bossa", "ballad", "reggae", "funk", "soul")
"""Styles whose bars are hard to tell are drawn more often."""
HALF_TIME = ("reggae",)
"""Styles written in double time: people tap every other beat."""
Times = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Struck:
    """A note of a take: start and length in quarter notes from the top."""

    start: float
    length: float
    pitch: int
    velocity: float
    role: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A take as written: notes, and the felt pulses in quarter notes with their places in bars."""

    name: str
    notes: tuple[Struck, ...]
    pulses: Times
    places: NDArray[np.int64]
    tempo: float
    programs: Mapping[str, int] = field(default_factory=dict)
    """General MIDI programs of roles that are not left to chance."""

    @property
    def end(self) -> float:
        """The last pulse, in quarter notes."""
        return float(self.pulses[-1])


@dataclass(frozen=True, slots=True)
class Timed:
    """A take in time: (second, end, pitch, velocity 1-127, role) and the seconds of the beats."""

    name: str
    notes: tuple[tuple[float, float, int, int, str], ...]
    beats: Times
    places: NDArray[np.int64]
    programs: Mapping[str, int] = field(default_factory=dict)


def progressions(folder: Path) -> list[list[Chord]]:
    """Read the chords of every song of the McGill Billboard corpus (CC0) in a folder."""
    found = []
    for path in sorted(folder.glob("*.txt")):
        try:
            song = read(path)
        except ScbandError:
            continue
        chords = [item.chord for bar in song.bars for item in bar.chords if item.chord.intervals]
        if len(chords) >= 16:
            found.append(chords)
    return found


def pulses_of(meter: Meter, bars: int) -> tuple[Times, NDArray[np.int64]]:
    """Lay out the pulses of so many bars, and their places in the bar from 0."""
    bar = np.array(meter.pulses)
    times = (np.arange(bars)[:, None] * meter.beats + bar).ravel()
    return times, np.tile(np.arange(len(bar)), bars)


def song_of(chords: Sequence[Chord], meter: Meter, bars: int, dice: Random) -> SongMap:
    """Lay chords on bars: mostly one a bar, sometimes two, sometimes one for two bars."""
    start = dice.randrange(len(chords))
    rate = dice.choice((1, 1, 1, 2, 0.5))
    half = meter.beats / 2 if meter.beats != 3 or meter.compound else 2.0
    written, place = [], float(start)
    for _ in range(bars):
        at = [ChordAt(0.0, chords[int(place) % len(chords)])]
        if rate == 2 and dice.random() < 0.8:
            at.append(ChordAt(half, chords[int(place + 1) % len(chords)]))
        place += rate
        written.append(Bar(chords=tuple(at)))
    every = dice.choice((4, 8, 8, 16))
    sections = tuple(
        Section(dice.choice(("verse", "chorus", "bridge", "intro")), tuple(written[i : i + every]))
        for i in range(0, bars, every)
    )
    return SongMap(sections=sections, meter=meter)


def band_piece(chords: Sequence[Chord], dice: Random, seconds: float) -> Piece:
    """Let the library's band play a song in any of its styles and meters."""
    style = styles.load(dice.choice((*styles.names(), *DOUBTFUL)))
    meter = Meter.parse(dice.choice((style.meters[0], *style.meters)))
    low, high = (50, 240) if not meter.compound else (90, 240)
    tempo = min(max(style.tempo * dice.uniform(0.72, 1.35), low), high)
    bars = max(4, round(seconds * tempo / 60 / meter.beats))
    song = song_of(chords, meter, bars, dice)
    players = [p for p in CHANNELS if dice.random() < {"drums": 0.75, "pad": 0.3}.get(p, 0.7)]
    band = Band(style, tuple(players) or ("keys",), dice.randrange(1 << 30))
    played = Performance(
        Form(song, choruses=1, count_in=False, ends=False),
        band,
        tempo,
        dice.uniform(0.2, 0.9),
        dice.uniform(0.5, 1.5),
    )
    notes = tuple(
        Struck(max(n.start, 0.0), n.length, n.pitch, n.velocity, player)
        for player, part in played.parts().items()
        for n in part
    )
    pulses, places = pulses_of(meter, bars)
    if style.name in HALF_TIME:
        pulses = pulses[::2]
        places = np.arange(len(pulses)) % 4
    return Piece(f"band {style.name} {meter}", notes, pulses, places, tempo)


def thinned(piece: Piece, dice: Random) -> Piece:
    """Let players rest for some bars now and then, as arrangements do."""
    notes = piece.notes
    for role in {note.role for note in notes}:
        if dice.random() < 0.25:
            length = piece.end * dice.uniform(0.1, 0.4)
            first = dice.uniform(0, piece.end - length)
            rest = [n for n in notes if n.role != role or not first <= n.start < first + length]
            if len(rest) > len(notes) // 3:
                notes = tuple(rest)
    return replace(piece, notes=tuple(notes))


def in_time(piece: Piece, dice: Random) -> Timed:
    """Give a piece its time: a lead-in, drift, and everyone's scatter."""
    drift = _drift(piece.end, dice)
    quarters = np.arange(int(piece.end) + 9)
    lead = dice.choice((0.0, 0.1, dice.uniform(0, 3)))
    seconds = lead + np.concatenate([[0], np.cumsum(60 / (piece.tempo * drift))])[: len(quarters)]
    scatter = dice.choice((0.0, 0.003, 0.006, 0.012))
    late = {role: dice.gauss(0, 0.004) for role in CHANNELS}
    notes = []
    for note in piece.notes:
        start, end = np.interp((note.start, note.start + note.length), quarters, seconds)
        start += dice.gauss(0, scatter) + late[note.role]
        velocity = min(max(round(note.velocity * 127), 1), 127)
        start = max(float(start), 0.0)
        notes.append((start, max(float(end), start + 0.03), note.pitch, velocity, note.role))
    beats = np.interp(piece.pulses, quarters, seconds)
    return Timed(piece.name, tuple(notes), beats, piece.places, piece.programs)


def _drift(quarters: float, dice: Random) -> Times:
    """Return the tempo of each quarter note as a factor."""
    count = int(quarters) + 9
    kind = dice.random()
    if kind < 0.4:
        return np.ones(count)
    if kind < 0.5:
        curve = np.ones(count)
        curve[dice.randrange(count) :] = dice.uniform(0.8, 1.25)
        return curve
    depth = dice.uniform(0.01, 0.05) if kind < 0.85 else dice.uniform(0.05, 0.14)
    knots = np.array([dice.gauss(0, 1) for _ in range(max(3, count // dice.choice((8, 16, 32))))])
    curve = np.interp(np.linspace(0, len(knots) - 1, count), np.arange(len(knots)), knots)
    return np.clip(1 + depth * curve, 0.6, 1.6)


def midi(timed: Timed, dice: Random) -> mido.MidiFile:
    """Write a take with instruments, levels and tuning by lot; 1000 ticks are half a second."""
    file = mido.MidiFile(type=0, ticks_per_beat=1000)
    events: list[tuple[float, int, mido.Message]] = []
    bend = min(max(round(dice.gauss(0, 0.12) * 4096), -2000), 2000)
    for role, channel in CHANNELS.items():
        drawn = dice.choice(PROGRAMS[role])
        program = timed.programs.get(role, drawn)
        events.append((0, 0, mido.Message("program_change", channel=channel, program=program)))
        for control, value in (
            (7, dice.randint(60, 115)),
            (10, dice.randint(30, 97)),
            (91, dice.randint(10, 90)),
        ):
            events.append(
                (
                    0,
                    1,
                    mido.Message("control_change", channel=channel, control=control, value=value),
                )
            )
        if role != "drums":
            events.append((0, 1, mido.Message("pitchwheel", channel=channel, pitch=bend)))
    for start, end, pitch, velocity, role in timed.notes:
        on = {"channel": CHANNELS[role], "note": pitch}
        events.append((start, 3, mido.Message("note_on", velocity=velocity, **on)))
        events.append((end, 2, mido.Message("note_off", **on)))
    track, now = mido.MidiTrack(), 0
    for second, _, message in sorted(events, key=lambda event: event[:2]):
        tick = round(second * 2000)
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=0))
    file.tracks.append(track)
    return file


GAP = 2.5
"""Seconds between takes that are rendered in one go."""


def rendered(takes: Sequence[Timed], dice: Random, fonts: Sequence[Path] = FONTS) -> list[Times]:
    """Render takes one after another with one sound font and room, as mono samples at `RATE`.

    Loading a sound font takes longer than playing it, so takes share one.
    """
    track = mido.MidiTrack()
    for take in takes:
        track += midi(take, dice).tracks[0][:-1]
        track.append(mido.Message("control_change", control=123, time=round(GAP * 2000)))
        track += [mido.Message("control_change", channel=c, control=120) for c in range(10)]
    # the lengths are told by the ticks: a millisecond of MIDI is two
    starts = np.cumsum([0.0] + [_ticks(take) / 2000 + GAP for take in takes])
    file = mido.MidiFile(type=0, ticks_per_beat=1000, tracks=[track])
    with TemporaryDirectory(prefix="scband-beats-") as name:
        path, wave = Path(name, "takes.mid"), Path(name, "takes.wav")
        file.save(path)
        reverb = {"room-size": (0.1, 0.8), "damp": (0, 0.6), "level": (0.05, 0.9)}
        options = [f"-osynth.reverb.{k}={dice.uniform(*span):.2f}" for k, span in reverb.items()]
        options += ["-osynth.dynamic-sample-loading=1", "-osynth.chorus.active=0"]
        command = ["fluidsynth", "-ni", "-q", "-r", str(RATE), "-F", str(wave), "-T", "wav"]
        command += ["-O", "float", "-g", "0.4", *options, str(dice.choice(fonts)), str(path)]
        subprocess.run(
            command,
            check=True,
            timeout=600,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        samples, _ = soundfile.read(wave, always_2d=True, dtype="float32")
    mono = samples.mean(1)
    edges = np.round(starts * RATE).astype(np.int64)
    return [mono[a:b] for a, b in pairwise(edges)]


def _ticks(take: Timed) -> int:
    """Return when the last note of a take ends, as `midi` writes it."""
    return max(round(end * 2000) for _, end, _, _, _ in take.notes)


def produced(samples: Times, dice: Random) -> NDArray[np.float32]:
    """Colour a recording: tilt, band limits, saturation, noise and level by lot."""
    noise = np.random.default_rng(dice.randrange(1 << 30))
    tilt = 10 ** (dice.uniform(-6, 6) / 20)
    low = sosfilt(butter(1, dice.uniform(300, 1500), "low", fs=RATE, output="sos"), samples)
    samples = low * tilt + (samples - low) / tilt
    if dice.random() < 0.2:
        cut = dice.uniform(3000, 10000)
        samples = sosfilt(butter(4, cut, "low", fs=RATE, output="sos"), samples)
    if dice.random() < 0.2:
        cut = dice.uniform(40, 250)
        samples = sosfilt(butter(2, cut, "high", fs=RATE, output="sos"), samples)
    samples = samples / (np.abs(samples).max() + 1e-9)
    drive = dice.choice((0.5, 1.0, dice.uniform(1, 6)))
    samples = np.tanh(drive * samples) / np.tanh(drive)
    hiss = noise.normal(size=len(samples))
    if dice.random() < 0.5:
        hiss = sosfilt(butter(1, 200, "low", fs=RATE, output="sos"), hiss)
    hiss *= 10 ** (dice.uniform(-75, -32) / 20) / (hiss.std() + 1e-9)
    return ((samples + hiss) * dice.uniform(0.1, 0.9)).astype(np.float32)
