"""The live session: conductor, wiring, recording and telemetry, in real time."""
