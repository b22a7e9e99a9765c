"""MIDI in and out while the band plays: control, performance notes, clock, and hot-plugging."""
