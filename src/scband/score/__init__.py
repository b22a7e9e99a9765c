"""Notes, parts and scores in beats, meters and tempo maps, and MIDI files."""
