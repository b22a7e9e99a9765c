"""Song maps (sections, bars, chords, form) and the formats they come from and go to."""
