"""iReal Pro links and playlists: `irealb://` and the older `irealbook://`, both ways.

A link is percent-encoded fields between `=`. In `irealb` the music is found by its prefix, since
empty fields make the separators ambiguous, and its characters are swapped in blocks of fifty; in
`irealbook` six plain fields make a song. One damaged song does not lose the others: it is reported
in `Playlist.problems`.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote, unquote

from scband.chart.irealgrid import read_grid
from scband.chart.irealwriter import write_grid
from scband.chart.songmap import SongMap, check
from scband.errors import ChartError, TheoryError
from scband.theory.key import Key

MAX_CHARACTERS = 50_000_000
"""No playlist is longer than this."""

_LINK = re.compile(r"(irealb|irealbook)://([^\"\r\n]*)", re.IGNORECASE)
_PREFIX = "1r34LbKcu7"
_KEY = re.compile(r"[A-G][b#]?-?")
_BLOCK = 50
_OLD_FIELDS = 6
_TAIL = 3  # groove, tempo and choruses stand behind the music
_BARS = re.compile(r"[\[{|].*[|\]}Z]", re.DOTALL)  # music that is not scrambled


@dataclass(frozen=True, slots=True)
class Playlist:
    """The songs of a link or file in order, and what could not be read of it."""

    name: str
    songs: tuple[SongMap, ...]
    problems: tuple[ChartError, ...] = ()


class _Fields(NamedTuple):
    """A song's fields before its music, the plain music, and groove, tempo, choruses after it."""

    header: list[str]
    music: str
    tail: list[str]


def _swapped(block: str) -> str:
    """Swap the mirrored characters of a block of fifty; doing it twice gives the block back."""
    return (
        block[:-6:-1] + block[5:10] + block[39:25:-1] + block[24:26] + block[23:9:-1]
        + block[40:45] + block[4::-1]
    )  # fmt: skip


def _swap_blocks(text: str) -> str:
    parts = []
    while len(text) > _BLOCK + 1:
        parts.append(_swapped(text[:_BLOCK]))
        text = text[_BLOCK:]
    return "".join(parts) + text


def unscramble(text: str) -> str:
    """Give the plain music string of an `irealb` song (without its prefix)."""
    plain = _swap_blocks(text)
    return plain.replace("Kcl", "| x").replace("LZ", " |").replace("XyQ", "   ")


def scramble(text: str) -> str:
    """Write a plain music string as an `irealb` song holds it, without the prefix."""
    return _swap_blocks(text.replace("   ", "XyQ").replace(" |", "LZ").replace("| x", "Kcl"))


def looks_like_ireal(text: str) -> bool:
    """Tell whether a text holds an iReal Pro link."""
    return _LINK.search(text[:100_000]) is not None


def read_playlist(text: str, source: str = "playlist") -> Playlist:
    """Read every song of the links in a text or an HTML page.

    Raises ChartError where no link is; songs that cannot be read are in `problems`.
    """
    if len(text) > MAX_CHARACTERS:
        raise ChartError(f"longer than {MAX_CHARACTERS} characters", source=source)
    songs: list[SongMap] = []
    problems: list[ChartError] = []
    name = ""
    found = False
    for match in _LINK.finditer(text):
        found = True
        body = match[2]
        if "&" in body and "<" in text[:1000]:
            body = html.unescape(body)
        fields = unquote(body, errors="replace").split("=")
        if match[1].lower() == "irealb" or any(_PREFIX in field for field in fields):
            tail = _TAIL if match[1].lower() == "irealb" else 0
            name = _read_new(fields, tail, source, songs, problems) or name
        else:
            name = _read_old(fields, source, songs, problems) or name
    if not found:
        raise ChartError("there is no irealb:// or irealbook:// link in it", source=source)
    return Playlist(name, tuple(songs), tuple(problems))


def read_ireal(text: str, source: str = "chart") -> SongMap:
    """Read the first song of a link; raises ChartError where none can be read."""
    playlist = read_playlist(text, source)
    if not playlist.songs:
        reason = playlist.problems[0].reason if playlist.problems else "the link holds no song"
        raise ChartError(reason, source=source)
    return playlist.songs[0]


def _read_new(
    fields: list[str], behind: int, source: str, songs: list[SongMap], problems: list[ChartError]
) -> str:
    """Read the songs of an `irealb` link; give the playlist's name.

    `behind` fields of a song stand behind its music.
    """
    places = [number for number, field in enumerate(fields) if _PREFIX in field]
    if not places:
        places = [number for number, field in enumerate(fields) if _BARS.search(field[:2000])]
    done = 0
    for place in places:
        first = _start_of_song(fields, place, done)
        _lost(fields[done:first], source, len(songs) + len(problems), problems)
        header = fields[first:place]
        plain, prefix, scrambled = fields[place].partition(_PREFIX)
        music = unscramble(scrambled) if prefix else plain
        tail = [*fields[place + 1 : place + 1 + behind], "", "", ""]
        _add(_Fields(header, music, tail), source, songs, problems)
        done = place + 1 + behind
    rest = [field for field in fields[done:] if field.strip()]
    if len(rest) > 2:
        _lost(rest, source, len(songs) + len(problems), problems)
    return rest[-1].strip() if rest and places else ""


def _start_of_song(fields: list[str], place: int, done: int) -> int:
    """Find the title that belongs to the music at `place`: six fields before it, as a rule."""
    start = max(done, place - 6)
    while start < place - 4 and not fields[start]:
        start += 1
    return start


def _lost(fields: list[str], source: str, number: int, problems: list[ChartError]) -> None:
    """Report the fields of a song whose music is missing."""
    named = [field for field in fields if field.strip()]
    if len(named) >= 3:
        title = named[0].strip()[:60]
        reason = f"song {number + 1} ({title!r}): it has no music that can be read"
        problems.append(ChartError(reason, source=source))


def _read_old(
    fields: list[str], source: str, songs: list[SongMap], problems: list[ChartError]
) -> str:
    """Read the songs of an `irealbook` link; give the playlist's name."""
    at = 0
    while at + _OLD_FIELDS <= len(fields):
        if not fields[at].strip():
            at += 1
            continue
        title, composer, style, key, _, music = fields[at : at + _OLD_FIELDS]
        song = _Fields([title, composer, "", style, key], music, ["", "", ""])
        _add(song, source, songs, problems)
        at += _OLD_FIELDS
    rest = [field for field in fields[at:] if field.strip()]
    if len(rest) > 1:
        _lost([*rest, "", ""][:6] if len(rest) > 2 else [*rest, "?"], source, len(songs), problems)
    return rest[-1].strip() if rest and songs else ""


def _add(song: _Fields, source: str, songs: list[SongMap], problems: list[ChartError]) -> None:
    title = _title(song.header[0]) if song.header else ""
    place = f"song {len(songs) + len(problems) + 1} ({title[:60]!r})"
    try:
        songs.append(_song(title, song, f"{source}, {place}"))
    except ChartError as error:
        problems.append(ChartError(f"{place}: {error.reason}", source=source))


def _song(title: str, song: _Fields, source: str) -> SongMap:
    header, tail = song.header, song.tail
    sections, meter = read_grid(song.music, source)
    key_at = next((n for n in range(len(header) - 1, 1, -1) if _KEY.fullmatch(header[n])), None)
    key = _key(header[key_at]) if key_at is not None else None
    style = header[key_at - 1].strip() if key_at is not None else ""
    bpm = tail[1].strip()
    tempo = float(bpm) if bpm.isdigit() and 1 <= int(bpm[:5]) <= 1000 else 120.0
    repeats, groove = tail[2].strip(), tail[0].strip()
    info = [("groove", groove)] if groove else []
    if repeats.isdigit() and int(repeats[:5]):
        info.append(("choruses", str(int(repeats[:5]))))
    composer = _composer(header[1]) if len(header) > 1 else ""
    read = SongMap(sections, title, composer, key, tempo, style, meter, None, tuple(info))
    return check(read, source)


def _key(text: str) -> Key | None:
    try:
        return Key(text)
    except TheoryError:
        return None


def _title(text: str) -> str:
    """Put the article back in front: `Nearness of You, The`."""
    return re.sub(r"(.*), (A|An|The)", r"\2 \1", text.strip())


def _composer(text: str) -> str:
    """Put a last name that stands first back behind: `Coltrane John`."""
    words = text.split()
    return f"{words[1]} {words[0]}" if len(words) == 2 else " ".join(words)


def _field(text: str) -> str:
    return text.replace("=", "-").strip()


def _song_fields(song: SongMap) -> str:
    title = re.sub(r"(A|An|The) (.+)", r"\2, \1", _field(song.title) or "Untitled")
    words = _field(song.composer).split()
    composer = f"{words[1]} {words[0]}" if len(words) == 2 else " ".join(words)
    info = dict(song.info)
    key = song.tonality
    home = key.tonic_name + ("-" if key.minor else "")
    tempo = 0 if song.tempo == 120.0 else round(song.tempo)
    music = _PREFIX + scramble(write_grid(song))
    style = _field(song.style) or "Medium Swing"
    groove, choruses = _field(info.get("groove", "")), _field(info.get("choruses", "0"))
    return f"{title}={composer or 'Unknown'}=={style}={home}=={music}={groove}={tempo}={choruses}"


def write_playlist(songs: list[SongMap] | tuple[SongMap, ...], name: str = "") -> str:
    """Write songs as one `irealb://` link, as a playlist where there are several or a name."""
    body = "===".join(_song_fields(song) for song in songs)
    if name or len(songs) > 1:
        body += "===" + _field(name)
    return "irealb://" + quote(body, safe="=")


def write_ireal(song: SongMap) -> str:
    """Write one song as an `irealb://` link."""
    return write_playlist([song])
