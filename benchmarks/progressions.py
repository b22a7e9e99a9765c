"""Chord progressions of the kinds that jazz charts are made of, for the benchmarks and tests."""

from __future__ import annotations

from scband.theory import Chord

_KINDS = """
F7 Bb7 F7 Cm7 F7 Bb7 Bdim7 F7 Am7b5 D7b9 Gm7 C7 F7 D7b9 Gm7 C7
Cm6 Fm7 Cm6 C7alt Fm7 Fm6 Cm6 Abmaj7 Ab7 G7alt Cm6 Dm7b5 G7b9
Bb6 G7 Cm7 F7 Dm7 G7b9 Cm7 F7 Fm7 Bb7 Ebmaj7 Ab7 Dm7 G7 Cm7 F7 D7 G7 C7 F7
Am7b5 D7b9 Gm7 Gm6 Cm7 F7 Bbmaj7 Ebmaj7 Am7b5 D7b13 Gm6 Gm7 Gb7 Fm7 E7 Ebmaj7 D7alt Gm6
Fm7 Bbm7 Eb7 Abmaj7 Dbmaj7 Dm7 G7 Cmaj7 Cm7 Fm7 Bb7 Ebmaj7 Abmaj7 Am7b5 D7 Gmaj7 Am7 D7 Gmaj7
F#m7b5 B7 Emaj7 Gm7 C7 Fmaj7 Abm7 Db7 Gbmaj7 Bm7 E7 Amaj7 Cm7 F7 Bbmaj7
Bmaj7 D7 Gmaj7 Bb7 Ebmaj7 Am7 D7 Gmaj7 Bb7 Ebmaj7 F#7 Bmaj7 Fm7 Bb7 Ebmaj7 C#m7 F#7
Fmaj7 G7 Gm7 Gb7 Fmaj7 Gb7 Gbmaj7 B7 F#m7 D7 Gm7 Eb7 Am7 D7b9 Gm7 C7b9
Dm7 Dm9 Ebm7 Ebm9 Dm7 Dm11
Cmaj7 C#dim7 Dm7 D#dim7 Em7 A7b13 Dm7 Db7 Cmaj7 F7 Em7 Eb7 Dm7 G13 C69
Dm7b5 G7b9 Cm7 Fm7 Bb13 Ebmaj9 Abmaj7 Dm7b5 G7#5#9 Cm69
Emaj7 A9 G#m7 C#7b9 F#m9 B13 Emaj9 C#7alt F#m7 B7sus B7 E6
Gm7 C9sus Fmaj9 Bbmaj7#11 Am7 Abm7 Gm7 C7#11 F69
Ebmaj7 Gbmaj7 Bmaj7 Dmaj7 Bm7 E7 Am9 D13 Gmaj9 Cm9 F13 Bbmaj7 Bb6
C C/E F Fm6 C/G G7sus G7 Am Am/G D7/F# G7 C6
"""
_CELLS = """
Dm7 G7 Cmaj7 C6
Dm7 G7 Cmaj7 A7 Dm7 G7 Em7 A7
Dm7b5 G7 Cm7 Cm6
Dm7b5 G7b9 Cm6 Cm7
Em7 A7 Dm7 G7 C6
Cmaj7 Am7 Dm7 G7
Cmaj7 Fmaj7 Em7 A7 Dm7 G7 C6
C6 Cdim7 Dm7 G7 C6
Cmaj7 Gm7 C7 Fmaj7 Fm7 Bb7 Cmaj7
C7 F7 C7 Gm7 C7 F7 F#dim7 C7 A7 Dm7 G7 C7 G7
Cm7 Fm7 Cm7 Ab7 G7 Cm7
Am7 D7 Gmaj7 Cmaj7 F#m7b5 B7 Em7 E7
Fm7 Bb7 Ebmaj7 Am7b5 D7 Gm7 C7 Fm7
Cmaj7 Bm7b5 E7 Am7 D7 Dm7 G7
Em7b5 A7 Dm7 G7 Cmaj7
D7 G7 C7 F7 Bb6
C7 Bb7 C7 Bb7
Cm7 F7 Cm7 F7
Fmaj7 Em7 Dm7 Cmaj7
Cmaj7 Db7 Cmaj7
Am7 Dm7 G7 Cmaj7 Fmaj7 Bm7b5 E7 Am6
"""


def lines() -> list[list[Chord]]:
    """Give the progressions as written, and cells that many tunes share, in one key each."""
    written = [line.split() for line in (_KINDS + _CELLS).split("\n") if line]
    return [[Chord(name) for name in line] for line in written]


def progressions() -> list[list[Chord]]:
    """Give every progression in all twelve keys: 180 phrases."""
    kinds = [[Chord(name) for name in line.split()] for line in _KINDS.split("\n") if line]
    steps = ("P1", "m2", "M2", "m3", "M3", "P4", "d5", "P5", "m6", "M6", "m7", "M7")
    return [[chord.transposed(step) for chord in kind] for kind in kinds for step in steps]
