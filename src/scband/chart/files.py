"""One door for every format: what is it, and who reads it or writes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from scband.chart import billboard, chordpro, ireal, jsonchart, lab, musicxml, text
from scband.chart.chordprowriter import write_chordpro
from scband.chart.ireal import Playlist
from scband.chart.musicxmlwriter import write_musicxml, write_mxl
from scband.chart.songmap import SongMap
from scband.chart.textwriter import write_text
from scband.errors import ChartError, ChordError
from scband.theory.chord import Chord

MAX_BYTES = 50_000_000
"""No chart file is larger than this."""

SUFFIXES: dict[str, str] = {
    ".txt": "text", ".chart": "text", ".json": "json", ".cho": "chordpro", ".chopro": "chordpro",
    ".crd": "chordpro", ".pro": "chordpro", ".chordpro": "chordpro", ".html": "ireal",
    ".ireal": "ireal", ".musicxml": "musicxml", ".xml": "musicxml", ".mxl": "mxl",
    ".mid": "midi", ".midi": "midi", ".lab": "lab",
}  # fmt: skip
"""The format that a file name's ending asks for when a chart is written."""


def read(chart: str | Path | bytes) -> SongMap:
    """Read a chart from a path, from text, from a link or from bytes, whatever its format.

    A text of one line without bars is taken for a path, unless it is nothing but chords. Raises
    ChartError that says where and why.
    """
    if isinstance(chart, bytes):
        return _read_bytes(chart, "chart")
    if isinstance(chart, Path) or _is_path(chart):
        path = Path(chart)
        data = _load(path)
        if lab.looks_like_lab(data[:10_000].decode("utf-8", "replace")):
            return lab.read_lab(_decoded(data, str(path)), _beats_beside(path), str(path))
        return _read_bytes(data, str(path))
    return _read_text(chart, "chart")


def read_all(chart: str | Path) -> Playlist:
    """Read every song: of a playlist all, of any other chart its one.

    Raises ChartError where nothing can be opened; songs that cannot be read are in `problems`.
    """
    content, source = chart, "chart"
    if isinstance(chart, Path) or _is_path(chart):
        content, source = _decoded(_load(Path(chart)), str(chart), lossy=True), str(chart)
    assert isinstance(content, str)
    if ireal.looks_like_ireal(content):
        return ireal.read_playlist(content, source)
    return Playlist("", (read(chart),))


def _is_path(text: str) -> bool:
    short = 0 < len(text.strip()) < 1000 and "\n" not in text and "|" not in text
    markup = "://" in text or text.lstrip().startswith(("{", "[", "<"))
    return short and not markup and not _is_chords(text)


def _is_chords(text: str) -> bool:
    words = text.split()
    if len(words) < 2:
        return False
    try:
        for word in words:
            Chord(word)
    except ChordError:
        return False
    return True


def _load(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ChartError(f"cannot open it: {reason}", source=str(path)) from None
    if len(data) > MAX_BYTES:
        raise ChartError(f"larger than {MAX_BYTES} bytes", source=str(path))
    return data


def _beats_beside(path: Path) -> str | None:
    """Read the beats of a .lab file where a file beside it has them."""
    for name in (
        path.with_suffix(".beats"),
        path.with_suffix(".beats.txt"),
        path.with_suffix(".beat"),
    ):
        if name.is_file():
            return _decoded(_load(name), str(name))
    return None


def _decoded(data: bytes, source: str, *, lossy: bool = False) -> str:
    for encoding in ("utf-8-sig", "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
    if lossy:
        return data.decode("utf-8", "replace")
    raise ChartError("this is not UTF-8 text", source=source, line=line)


def _read_bytes(data: bytes, source: str) -> SongMap:
    if data[:4] == b"MThd":
        from scband.chart import midichart  # noqa: PLC0415  # brings numpy and mido

        return midichart.read_midi_chart(data, source)
    if musicxml.looks_like_musicxml(data):
        return musicxml.read_musicxml(data, source)
    return _read_text(_decoded(data, source), source)


_Reader = Callable[[str, str], SongMap]


def _read_text(content: str, source: str) -> SongMap:
    """Find out which format a text is in, and read it."""
    start = content.lstrip("\ufeff \t\r\n")[:4000]
    kinds: tuple[tuple[bool, _Reader], ...] = (
        (ireal.looks_like_ireal(content), ireal.read_ireal),
        (start[:1] == "<" and musicxml.looks_like_musicxml(start.encode()), _read_xml),
        (start[:1] == "{" and f'"{jsonchart.FORMAT}"' in content[:10_000], jsonchart.read_json),
        (billboard.looks_like_billboard(content), billboard.read_billboard),
        (lab.looks_like_lab(content), _read_lab),
        (chordpro.looks_like_chordpro(content), chordpro.read_chordpro),
    )
    reader = next((reader for fits, reader in kinds if fits), text.read_text)
    return reader(content, source)


def _read_xml(content: str, source: str) -> SongMap:
    return musicxml.read_musicxml(content.encode(), source)


def _read_lab(content: str, source: str) -> SongMap:
    return lab.read_lab(content, None, source)


def write(song: SongMap, path: str | Path) -> None:
    """Write a chart in the format that the path's ending names; raises ChartError."""
    target = Path(path)
    kind = SUFFIXES.get(target.suffix.lower())
    if kind is None:
        raise ChartError(
            f"unknown ending {target.suffix!r}: use one of {' '.join(SUFFIXES)}", source=str(path)
        )
    try:
        target.write_bytes(encode(song, kind))
        if kind == "lab":
            target.with_suffix(".beats").write_text(lab.write_beats(song), encoding="utf-8")
    except OSError as error:
        raise ChartError(f"cannot write it: {error.strerror}", source=str(path)) from None


def encode(song: SongMap, kind: str) -> bytes:
    """Write a chart as bytes: text, json, chordpro, ireal, musicxml, mxl, midi or lab."""
    if kind == "mxl":
        return write_mxl(song)
    if kind == "musicxml":
        return write_musicxml(song)
    if kind == "midi":
        from scband.chart import midichart  # noqa: PLC0415  # brings numpy and mido

        return midichart.write_midi_chart(song)
    writers = {
        "text": write_text, "json": jsonchart.write_json, "chordpro": write_chordpro,
        "ireal": ireal.write_ireal, "lab": lab.write_lab,
    }  # fmt: skip
    if kind not in writers:
        raise ChartError(
            f"unknown format {kind!r}: use one of {', '.join(writers)}, musicxml, mxl, midi"
        )
    return writers[kind](song).encode()
