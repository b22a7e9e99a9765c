"""Standard MIDI files before any library sees them: sizes, lengths and counts are checked here.

A hostile file (a track that claims a gigabyte, a length that runs off its end, millions of events)
is a clear error in milliseconds. The layout is that of the MIDI Association's "Standard MIDI Files
1.0" (RP-001).
"""

from __future__ import annotations

from dataclasses import dataclass

from scband.errors import MidiFileError

MAX_BYTES = 4_000_000
"""No MIDI file is larger."""
MAX_TRACKS = 512
"""No MIDI file has more tracks."""
MAX_EVENTS = 400_000
"""No MIDI file has more events."""
MAX_BEATS = 200_000
"""No MIDI file lasts longer, in quarter notes."""

_DATA_BYTES = {0x8: 2, 0x9: 2, 0xA: 2, 0xB: 2, 0xC: 1, 0xD: 1, 0xE: 2}


@dataclass(frozen=True, slots=True)
class Outline:
    """What a file is without its notes.

    `beats` is its length in quarter notes, `seconds` at its slowest tempo. `tempo` is the first
    one in quarter notes a minute, `meter` and `key` are (numerator, denominator) and (sharps or
    flats, minor), None where the file does not say. `programs` are General MIDI programs by
    channel; `names` are the tracks' names.
    """

    beats: float
    seconds: float
    tempo: float
    meter: tuple[int, int] | None
    key: tuple[int, bool] | None
    programs: tuple[tuple[int, int], ...]
    channels: frozenset[int]
    names: tuple[str, ...]


class _Track:
    """Walks the events of one track; `metas` are the first meta events of each kind."""

    __slots__ = (
        "channels", "data", "end", "metas", "number", "position", "programs", "slowest", "source",
    )  # fmt: skip

    def __init__(self, data: bytes, start: int, end: int, number: int, source: str) -> None:
        self.data, self.position, self.end = data, start, end
        self.number, self.source = number, source
        self.metas: dict[int, bytes] = {}
        self.programs: dict[int, int] = {}
        self.channels: set[int] = set()
        self.slowest = 0

    def fail(self, reason: str) -> MidiFileError:
        return MidiFileError(f"{self.source}, track {self.number}, byte {self.position}: {reason}")

    def byte(self) -> int:
        if self.position >= self.end:
            raise self.fail("the track ends inside an event")
        value = self.data[self.position]
        self.position += 1
        return value

    def length(self) -> int:
        """Read a variable-length number of four bytes at most."""
        value = 0
        for _ in range(4):
            byte = self.byte()
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                return value
        raise self.fail("a number is longer than four bytes")

    def skip(self, count: int) -> None:
        if self.position + count > self.end:
            raise self.fail(f"an event of {count} bytes runs off the end of its track")
        self.position += count

    def walk(self, room: int) -> tuple[int, int]:
        """Check all events; give how many there are and how many ticks they last."""
        status = ticks = count = 0
        while self.position < self.end:
            ticks += self.length()
            count += 1
            if count > room:
                raise self.fail(f"more than {MAX_EVENTS} events")
            first = self.byte()
            if first == 0xFF:
                if self._meta():
                    break
            elif first in (0xF0, 0xF7):
                self.skip(self.length())
            else:
                status = self._channel(first, status)
        return count, ticks

    def _meta(self) -> bool:
        kind = self.byte()
        size = self.length()
        exact = {0x51: 3, 0x54: 5, 0x58: 4, 0x59: 2, 0x2F: 0, 0x20: 1}.get(kind)
        if exact is not None and size != exact:
            raise self.fail(f"meta event {kind:#x} is {exact} bytes long, not {size}")
        content = self.data[self.position : self.position + min(size, 200)]
        self.skip(size)
        self.metas.setdefault(kind, content)
        if kind == 0x51:
            self.slowest = max(self.slowest, int.from_bytes(content, "big"))
        return kind == 0x2F

    def _channel(self, first: int, status: int) -> int:
        if first < 0x80:
            if not status:
                raise self.fail("data stands where an event should start")
            self.position -= 1
        elif first >= 0xF0:
            raise self.fail(f"{first:#x} has no place in a file")
        else:
            status = first
        start = self.position
        for _ in range(_DATA_BYTES[status >> 4]):
            if self.byte() > 0x7F:
                raise self.fail("a data byte is above 127")
        if status >> 4 == 0x9:
            self.channels.add(status & 0xF)
        elif status >> 4 == 0xC:
            self.programs.setdefault(status & 0xF, self.data[start])
        return status


def check(data: bytes, source: str = "MIDI file") -> int:
    """Check a whole file and give its ticks a quarter note; raises MidiFileError with the place."""
    return _walked(data, source)[0]


def outline(data: bytes, source: str = "MIDI file") -> Outline:
    """Check a whole file and say what it is; raises MidiFileError with the place."""
    division, tracks, ticks = _walked(data, source)
    metas: dict[int, bytes] = {}
    for track in tracks:
        metas = {**track.metas, **metas}
    beats = ticks / division
    microseconds = int.from_bytes(metas.get(0x51, b""), "big") or 500_000
    slowest = max([500_000 if 0x51 not in metas else 0, *(track.slowest for track in tracks)])
    sharps = int.from_bytes(metas[0x59][:1], "big", signed=True) if 0x59 in metas else 0
    return Outline(
        beats=beats,
        seconds=beats * slowest / 1e6,
        tempo=60e6 / microseconds,
        meter=(metas[0x58][0], 2 ** min(metas[0x58][1], 30)) if 0x58 in metas else None,
        key=(sharps, metas[0x59][1] == 1) if 0x59 in metas and -7 <= sharps <= 7 else None,
        programs=tuple(item for track in tracks for item in track.programs.items()),
        channels=frozenset().union(*(track.channels for track in tracks)),
        names=tuple(track.metas.get(0x03, b"").decode("latin-1") for track in tracks),
    )


def _walked(data: bytes, source: str) -> tuple[int, list[_Track], int]:
    """Walk all tracks; give ticks a quarter note, the tracks, and the longest one's ticks."""
    tracks, division = _header(data, source)
    position, events, longest = 14, 0, 0
    walked: list[_Track] = []
    for number in range(1, tracks + 1):
        if position + 8 > len(data):
            reason = f"{tracks} tracks are announced, {number - 1} are there"
            raise MidiFileError(f"{source}: {reason}")
        name = data[position : position + 4]
        size = int.from_bytes(data[position + 4 : position + 8], "big")
        position += 8
        if position + size > len(data):
            reason = f"a chunk of {size} bytes at byte {position} runs off the end"
            raise MidiFileError(f"{source}: {reason}")
        if name != b"MTrk":
            raise MidiFileError(f"{source}: no track, but {name!r}, at byte {position - 8}")
        track = _Track(data, position, position + size, number, source)
        found, ticks = track.walk(MAX_EVENTS - events)
        walked.append(track)
        events += found
        longest = max(longest, ticks)
        if ticks > MAX_BEATS * division:
            raise MidiFileError(f"{source}, track {number}: longer than {MAX_BEATS} quarter notes")
        position += size
    return division, walked, longest


def _header(data: bytes, source: str) -> tuple[int, int]:
    """Check the header; give the number of tracks and the ticks a quarter note."""
    if len(data) > MAX_BYTES:
        raise MidiFileError(f"{source}: larger than {MAX_BYTES} bytes")
    if data[:4] != b"MThd" or len(data) < 14:
        raise MidiFileError(f"{source}: not a MIDI file, it does not start with MThd")
    size = int.from_bytes(data[4:8], "big")
    kind, tracks, division = (int.from_bytes(data[at : at + 2], "big") for at in (8, 10, 12))
    if size != 6 or kind > 1:
        raise MidiFileError(f"{source}: only files of format 0 and 1 are read, not {kind}")
    if division & 0x8000 or not division:
        raise MidiFileError(f"{source}: time in frames or without ticks is not read")
    if not 1 <= tracks <= MAX_TRACKS:
        raise MidiFileError(f"{source}: {tracks} tracks; 1 to {MAX_TRACKS} are read")
    return tracks, division
