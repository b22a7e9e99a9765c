"""Type some chords, hear a band."""

import scband

song = scband.chart("| Dm7 | G7 | Cmaj7 | A7b9 |", style="swing", tempo=160)
song.play(choruses=2)
