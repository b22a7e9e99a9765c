"""Render notes to files through the band's own SynthDefs and mixer, faster than real time.

One server process in non-real-time mode plays everything in one pass: the mix on its first two
outputs, each stem on two more. On one thread the result is the same to the last bit every time.
"""

from __future__ import annotations

import contextlib
import math
import tempfile
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import soundfile

from scband.errors import OfflineRenderError, SynthDefError
from scband.supercollider.channels import DEFAULT_CHANNELS, MASTER_TRIM, Channel
from scband.supercollider.osc_score import BLOCK, OfflineServer, OscScore
from scband.supercollider.synthdefs import compiled_synthdefs, names

TAIL = 4.0
"""Seconds that the last note's release and the hall are given."""

FORMATS = (".wav", ".flac")
"""Endings of the files that can be rendered to, 24 bits each."""

_GROUP_PLAYERS, _GROUP_CHANNELS, _GROUP_EFFECTS, _GROUP_MASTER = 10, 11, 12, 13
_FIRST_PLAYER, _FIRST_CHOKE, _FIRST_CHANNEL, _FIRST_NOTE = 20, 100, 500, 2000
_FRAMES = 1 << 16
_SEEDS = 1 << 24  # what a control's 32-bit float counts to


@dataclass(frozen=True, slots=True)
class TimedNote:
    """One note: `time` seconds, the SynthDef `sound`, its `player`, the SynthDef's arguments.

    `arguments` holds `freq` (Hz), `velocity` (0-1), `sustain` (seconds), `pan` and whatever else
    the SynthDef takes. `choke` names a group: a note of a group ends those of it that still ring.
    """

    time: float
    sound: str
    player: str
    arguments: Mapping[str, float] = field(default_factory=dict)
    choke: str = ""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a render made: the mix, a stem a player (and "effects"), its length in seconds."""

    mix: Path
    stems: Mapping[str, Path]
    seconds: float


def render(
    notes: Iterable[TimedNote],
    mix: Path,
    *,
    stems: Path | None = None,
    channels: Mapping[str, Channel] = DEFAULT_CHANNELS,
    tempo: float = 120.0,
    seed: int = 0,
    seconds: float | None = None,
    master: Mapping[str, float] | None = None,
    server: OfflineServer | None = None,
    synthdefs: Path | None = None,
    timeout: float | None = None,
    cancelled: threading.Event | None = None,
) -> Rendered:
    """Render notes to `mix` (.wav or .flac), and to a file a player below the folder `stems`.

    Stems are taken after each player's fader; with "effects" they sum to what the master is
    given. `tempo` sets the echo, `seed` (any whole number) every noise, `seconds` the length (else
    the last note and TAIL), `master` arguments of the master SynthDef. Raises OfflineRenderError
    when a note is impossible, the server fails, `timeout` seconds pass or `cancelled` is set,
    SynthDefError for an unknown sound.
    """
    if mix.suffix.lower() not in FORMATS:
        raise OfflineRenderError(f"{mix}: renders are .wav or .flac")
    plan = sorted(notes, key=lambda note: note.time)
    folder = synthdefs or compiled_synthdefs()
    _check(plan, frozenset(names(folder)))
    players = tuple(dict.fromkeys([*channels, *(note.player for note in plan)]))
    length = seconds if seconds is not None else _length(plan)
    server = _with_channels(server or OfflineServer(), 2 + (2 * len(players) + 2 if stems else 0))
    session = _Session(players, channels, server, stems is not None, seed)
    score = session.score(plan, folder, tempo, master or {})
    outputs = [
        mix,
        *([stems / f"{each}{mix.suffix}" for each in [*players, "effects"]] if stems else []),
    ]
    early = BLOCK + server.delay()
    encoded = score.encode(length + (early + BLOCK) / server.sample_rate)
    limit = timeout if timeout is not None else 30 + 4 * length
    try:
        with tempfile.TemporaryDirectory(prefix="scband-render-") as place:
            raw = Path(place) / "all.wav"
            (Path(place) / "score.osc").write_bytes(encoded)
            server.run(Path(place) / "score.osc", raw, timeout=limit, cancelled=cancelled)
            _split(raw, outputs, skip=early, frames=round(length * server.sample_rate))
    except OSError as error:
        raise OfflineRenderError(f"cannot render to {mix}: {error}") from error
    named = dict(zip([*players, "effects"], outputs[1:], strict=False))
    return Rendered(mix, named, length)


def _check(notes: Sequence[TimedNote], known: frozenset[str]) -> None:
    """Refuse what the server would answer with silence."""
    for note in notes:
        if note.sound not in known:
            raise SynthDefError(f"no SynthDef {note.sound!r} for the note at {note.time:g} s")
        if not (math.isfinite(note.time) and note.time >= 0):
            raise OfflineRenderError(f"a note of {note.player} is at {note.time} s")
        for name, value in note.arguments.items():
            if not math.isfinite(value):
                raise OfflineRenderError(f"{note.sound} at {note.time:g} s has {name} = {value}")


def _length(notes: Sequence[TimedNote]) -> float:
    ends = [note.time + note.arguments.get("sustain", 1.0) for note in notes]
    return max(ends, default=0.0) + TAIL


def _with_channels(server: OfflineServer, channels: int) -> OfflineServer:
    return OfflineServer(
        server.program, server.sample_rate, channels, server.threads, server.memory_kilobytes
    )


@dataclass(frozen=True, slots=True)
class _Session:
    """The band's groups and buses in one offline server."""

    players: tuple[str, ...]
    channels: Mapping[str, Channel]
    server: OfflineServer
    stems: bool
    seed: int

    def bus(self, number: int) -> int:
        """Return a stereo bus: 0 mix, 1 reverb, 2 delay, 3 effects, then one a player."""
        return self.server.channels + 2 * number

    def score(
        self, notes: Sequence[TimedNote], folder: Path, tempo: float, master: Mapping[str, float]
    ) -> OscScore:
        score = OscScore()
        for path in sorted(folder.glob("*.scsyndef")):
            score.add(0.0, "/d_recv", path.read_bytes())
        self._add_mixer(score, tempo, master)
        chokes: dict[tuple[str, str], int] = {}
        # Nothing but the mixer at time 0: see OfflineServer.delay.
        first = BLOCK / self.server.sample_rate
        for number, note in enumerate(notes):
            time = note.time + first
            where = self.players.index(note.player)
            group = _FIRST_PLAYER + where
            if note.choke:
                group = chokes.setdefault((note.player, note.choke), _FIRST_CHOKE + len(chokes))
                if group == _FIRST_CHOKE + len(chokes) - 1:
                    score.add(0.0, "/g_new", group, 1, _FIRST_PLAYER + where)
                score.add(time, "/n_set", group, "gate", 0.0)
            controls = {
                "out": self.bus(4 + where),
                "seed": (self.seed * 65_537 + number) % _SEEDS,
                **note.arguments,
            }
            _new(score, time, note.sound, _FIRST_NOTE + number, group=group, controls=controls)
        return score

    def _add_mixer(self, score: OscScore, tempo: float, master: Mapping[str, float]) -> None:
        """Add groups, channels, effects, master and the wires to the stems' outputs."""
        mix, reverb, delay, effects = (self.bus(number) for number in range(4))
        for group in (_GROUP_PLAYERS, _GROUP_CHANNELS, _GROUP_EFFECTS, _GROUP_MASTER):
            score.add(0.0, "/g_new", group, 1, 0)
        for where, player in enumerate(self.players):
            score.add(0.0, "/g_new", _FIRST_PLAYER + where, 1, _GROUP_PLAYERS)
            controls = {
                "in": self.bus(4 + where), "out": mix, "reverb_bus": reverb, "delay_bus": delay,
                **self.channels.get(player, Channel()).controls(),
            }  # fmt: skip
            _new(
                score,
                0.0,
                "mixer_channel",
                _FIRST_CHANNEL + where,
                group=_GROUP_CHANNELS,
                controls=controls,
            )
        _new(
            score, 0.0, "reverb", 600, group=_GROUP_EFFECTS, controls={"in": reverb, "out": effects}
        )
        _new(
            score,
            0.0,
            "delay",
            601,
            group=_GROUP_EFFECTS,
            controls={"in": delay, "out": effects, "tempo": tempo},
        )
        _new(score, 0.0, "wire", 602, group=_GROUP_EFFECTS, controls={"in": effects, "out": mix})
        _new(
            score,
            0.0,
            "master",
            603,
            group=_GROUP_MASTER,
            controls={"in": mix, "out": 0, "trim": MASTER_TRIM, **master},
        )
        if self.stems:
            sources = [*(self.bus(4 + where) for where in range(len(self.players))), effects]
            for where, source in enumerate(sources):
                controls = {"in": source, "out": 2 + 2 * where}
                _new(score, 0.0, "wire", 700 + where, group=_GROUP_MASTER, controls=controls)


def _new(
    score: OscScore,
    time: float,
    name: str,
    node: int,
    *,
    group: int,
    controls: Mapping[str, float],
) -> None:
    """Add one /s_new at the tail of a group."""
    flat: list[str | float] = []
    for key, value in controls.items():
        flat += [key, float(value)]
    score.add(time, "/s_new", name, node, 1, group, *flat)


def _split(raw: Path, outputs: Sequence[Path], *, skip: int, frames: int) -> None:
    """Write each pair of channels of `raw` to its file: 24 bits, WAV or FLAC by its suffix."""
    try:
        with contextlib.ExitStack() as stack:
            source = stack.enter_context(soundfile.SoundFile(raw))
            sinks = []
            for path in outputs:
                path.parent.mkdir(parents=True, exist_ok=True)
                sinks.append(
                    stack.enter_context(
                        soundfile.SoundFile(path, "w", source.samplerate, 2, subtype="PCM_24")
                    )
                )
            source.seek(min(skip, source.frames))
            left = frames
            while left > 0 and len(block := source.read(min(_FRAMES, left), always_2d=True)):
                for pair, sink in enumerate(sinks):
                    sink.write(block[:, 2 * pair : 2 * pair + 2])
                left -= len(block)
    except (OSError, soundfile.SoundFileError, TypeError, ValueError) as error:
        for path in outputs:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        raise OfflineRenderError(f"cannot write {', '.join(map(str, outputs))}: {error}") from error
