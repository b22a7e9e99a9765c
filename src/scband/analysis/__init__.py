"""Ears: live frames and audio files become pitch, onsets, beats, chords and dynamics."""
