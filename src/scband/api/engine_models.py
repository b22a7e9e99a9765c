"""What the engine API takes and answers, with examples."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from scband.studio.scale_lines import MOST_BARS

_TEXT = 60
_PROJECT = 200


class Asked(BaseModel):
    """Parameters, as a query or as a JSON body with the same names; others are left alone."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)


Tempo = Annotated[float, Field(ge=20, le=400, description="quarter notes a minute", examples=[120])]
Bars = Annotated[int, Field(ge=1, le=MOST_BARS, description="bars of 4/4", examples=[4])]
Temperature = Annotated[
    float,
    Field(ge=0, le=2, description="0: the same most likely line every time; 2: a wild one"),
]
Seed = Annotated[
    int | None,
    Field(
        ge=0,
        lt=2**53,
        description="the same seed plays the same; absent: another each time",
        examples=[1234],
    ),
]


class MidiAsked(Asked):
    """What `generate/midi` takes."""

    style: Annotated[Literal["drums", "melody", "bass"], Field(description="who plays")] = "drums"
    tempo: Tempo = 120.0
    bars: Bars = 4
    temperature: Temperature = 1.0
    seed: Seed = None


class LineAsked(Asked):
    """What `generate/bassline` and `generate/melody` take."""

    key: Annotated[
        str, Field(max_length=_TEXT, description="a tonic, such as C, F# or Bb", examples=["C"])
    ] = "C"
    scale: Annotated[
        str,
        Field(
            max_length=_TEXT,
            description="major, minor, harmonic minor, melodic minor, a mode, a pentatonic, blues",
            examples=["major"],
        ),
    ] = "major"
    bars: Bars = 8
    tempo: Tempo = 120.0
    temperature: Temperature = 1.0
    seed: Seed = None


class ProjectAsked(Asked):
    """Which project: its id, or nothing for the one that is open in the workstation."""

    project_id: Annotated[
        str, Field(max_length=_PROJECT, description="a project's id", examples=["Night Drive"])
    ] = ""


class Answer(BaseModel):
    """An answer's keys are fixed."""

    model_config = ConfigDict(extra="forbid")


Midi = Annotated[str, Field(description="a Standard MIDI File", examples=["TVRoZAAAAAYAAQ..."])]
Done = Annotated[Literal["success"], Field(examples=["success"])]


class GeneratedMidi(Answer):
    """A drum track, a melody or a bass line."""

    status: Done
    midi_base64: Midi
    style: Annotated[str, Field(examples=["drums"])]
    tempo: Annotated[float, Field(examples=[120.0])]
    bars: Annotated[int, Field(examples=[4])]
    notes: Annotated[int, Field(examples=[56])]
    seed: Annotated[int, Field(description="plays the same again", examples=[1234])]


class GeneratedLine(Answer):
    """A bass line or a melody in a key and a scale."""

    status: Done
    midi_base64: Midi
    key: Annotated[str, Field(examples=["C"])]
    scale: Annotated[str, Field(examples=["major"])]
    bars: Annotated[int, Field(examples=[8])]
    tempo: Annotated[float, Field(examples=[120.0])]
    chords: Annotated[list[str], Field(description="a chord a bar", examples=[["C", "Am"]])]
    notes: Annotated[int, Field(examples=[16])]
    seed: Annotated[int, Field(description="plays the same again", examples=[1234])]


class HeardChord(Answer):
    """A chord with its times in seconds."""

    start: float
    end: float
    chord: Annotated[str, Field(examples=["Am7"])]
    confidence: float


class TempoAt(Answer):
    """A tempo at a time in seconds."""

    time: float
    tempo: float


class HeardSection(Answer):
    """A section with its times in seconds."""

    label: str
    start: float
    end: float
    bars: int


class AudioAnalysis(Answer):
    """Everything that was heard in a recording; `tempo` 0 and `key` "" where there is none."""

    tempo: Annotated[float, Field(description="quarter notes a minute", examples=[118.0])]
    key: Annotated[str, Field(examples=["C major"])]
    duration: Annotated[float, Field(description="seconds", examples=[30.0])]
    beats: Annotated[int, Field(description="how many beats", examples=[59])]
    spectral_centroid_mean: Annotated[float, Field(description="Hz")]
    spectral_rolloff_mean: Annotated[float, Field(description="Hz, 85 % of the energy below")]
    rms_mean: Annotated[float, Field(description="1.0 is full scale")]
    zero_crossing_rate_mean: Annotated[float, Field(description="a sample")]
    beat_times: Annotated[list[float], Field(description="seconds")]
    downbeat_times: Annotated[list[float], Field(description="seconds")]
    chords: list[HeardChord]
    tempo_curve: list[TempoAt]
    mode: Annotated[str, Field(examples=["major"])]
    key_confidence: float
    time_signature: Annotated[str, Field(examples=["4/4"])]
    tuning_cents: Annotated[float, Field(description="from A = 440 Hz")]
    loudness_lufs: Annotated[float | None, Field(description="integrated; null for silence")]
    peak: Annotated[float, Field(description="1.0 is full scale")]
    sections: list[HeardSection]
    material: Annotated[str, Field(description="pitched, drums or silence")]
    warnings: list[str]


class MixSuggestion(Answer):
    """One thing to do, with the figures behind it; `track` is `mix` for the sum of all."""

    type: Annotated[str, Field(examples=["level"])]
    message: Annotated[str, Field(examples=["Lower bass by 10.7 dB."])]
    priority: Annotated[Literal["high", "medium", "low"], Field(examples=["high"])]
    track: Annotated[str, Field(examples=["bass"])]
    reason: Annotated[
        str,
        Field(
            examples=["bass has -18.3 LUFS, 10.7 LU louder than is usual beside the other tracks."]
        ),
    ]
    severity: Annotated[float, Field(description="20 and more is high, 8 medium", examples=[47.4])]
    measured: Annotated[dict[str, float], Field(examples=[{"deviation_lu": 10.7}])]
    action: Annotated[dict[str, float | str], Field(examples=[{"gain_db": -10.7}])]


class UnreadTrack(Answer):
    """A track whose file could not be read, and why."""

    track: str
    reason: str


class MeasuredTrack(Answer):
    """What was measured of a track; null is silence."""

    track: str
    role: str
    loudness_lufs: float | None
    true_peak_dbtp: float | None
    crest_db: float
    range_lu: float
    correlation: float
    width: float
    balance_db: float
    masked_share: float
    clipped_share: float
    bands_db: dict[str, float]


class MeasuredMix(Answer):
    """What was measured of the sum of all tracks; null is silence."""

    loudness_lufs: float | None
    true_peak_dbtp: float | None
    crest_db: float
    correlation: float
    width: float
    balance_db: float
    bands_db: dict[str, float]


class MixAdvice(Answer):
    """What to do about a mix, the most pressing first, and how good it is."""

    suggestions: list[MixSuggestion]
    mix_quality_score: Annotated[float, Field(ge=0, le=100, examples=[59.8])]
    tracks: list[MeasuredTrack]
    mix: MeasuredMix
    unread: list[UnreadTrack]


class TrackLevel(Answer):
    """A fader: what to add in dB, and where to put the track, -1 (left) to 1 (right)."""

    gain_db: Annotated[float, Field(examples=[-7.14])]
    pan: Annotated[float, Field(ge=-1, le=1, examples=[0.0])]
    role: Annotated[str, Field(examples=["bass"])]
    loudness_lufs: Annotated[float | None, Field(description="behind the fader; null: silence")]


class MixLevels(Answer):
    """A fader for each track, and the mix measured through them."""

    status: Done
    levels: Annotated[
        dict[str, TrackLevel],
        Field(
            examples=[
                {"bass": {"gain_db": -7.14, "pan": 0, "role": "bass", "loudness_lufs": -25.5}}
            ]
        ),
    ]
    mix: MeasuredMix
    spread_lu: Annotated[float, Field(description="furthest from the usual balance", examples=[0])]
    limited: Annotated[list[str], Field(description="tracks that would have to move further")]
    unread: list[UnreadTrack]


class ProjectAnalysis(Answer):
    """A project's tracks, measured, and what to do about them."""

    project_id: Annotated[str, Field(examples=["Night Drive"])]
    num_tracks: Annotated[int, Field(examples=[5])]
    suggestions: list[MixSuggestion]
    mix_quality_score: Annotated[float | None, Field(ge=0, le=100, examples=[92.3])]
    source: Annotated[Literal["core", "folder"], Field(description="who told of the project")]
    tracks: list[MeasuredTrack]


def example(facts: dict[str, Any]) -> dict[str, Any]:
    """Return an OpenAPI body for a JSON example."""
    return {"content": {"application/json": {"example": facts}}}
