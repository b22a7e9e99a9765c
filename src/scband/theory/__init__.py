"""Pitch, chord, key, scale and voicing as pure values: no time, no files."""
