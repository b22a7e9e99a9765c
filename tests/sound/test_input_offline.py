"""What the analysis sends, row by row, through the server's non-real-time mode."""

import numpy as np
import pytest
import soundfile

from scband.analysis.frames import COUNT_UNIT, FRAME_FIELDS, ONSET_FIELDS, decode_frame
from scband.supercollider.osc_score import BLOCK, OfflineServer, OscScore
from scband.supercollider.synthdefs import compiled_synthdefs

RATE = 48_000
FRAME_VALUES = sum(count for _, count in FRAME_FIELDS)
ONSET_VALUES = sum(count for _, count in ONSET_FIELDS)


@pytest.mark.parametrize("program", ["supernova", "scsynth"])
def test_the_sample_count_runs_on_where_its_first_part_begins(tmp_path, program):
    seconds = COUNT_UNIT / RATE + 0.6
    score = OscScore()
    score.add(0, "/d_load", str(compiled_synthdefs() / "analysis_log.scsyndef"))
    score.add(0, "/b_alloc", 1, int(seconds * 100) + 8, FRAME_VALUES)
    score.add(0, "/b_alloc", 2, 64, ONSET_VALUES)
    score.add(BLOCK / RATE, "/s_new", "analysis_log", 1000, 0, 0, "frames", 1, "onsets", 2)
    rows = tmp_path / "frames.wav"
    score.add(seconds, "/b_write", 1, str(rows), "wav", "float", -1, 0, 0)
    (tmp_path / "score.osc").write_bytes(score.encode(seconds + 0.1))
    OfflineServer(program=program).run(tmp_path / "score.osc", tmp_path / "out.wav", timeout=60)
    values, _ = soundfile.read(rows, dtype="float32")
    written = int(np.flatnonzero(values[:, :2].any(axis=1)).max()) + 1
    counts = np.array([decode_frame([0, 0, *map(float, row)]).samples for row in values[1:written]])
    assert set(np.diff(counts)) == {448, 512}
    assert counts[0] == 0
    assert counts[-1] > COUNT_UNIT + RATE / 4
