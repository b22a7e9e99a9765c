"""Ten minutes run like one: no growth of memory or nodes, nothing late, nobody alone."""

import gc
import time
from pathlib import Path

import psutil
import pytest

from scband.live.session import Session
from scband.settings import Settings

CHART = Path(__file__).parents[2] / "examples" / "charts" / "autumn_walk.txt"
SECONDS = 600


def resident(session: Session) -> dict[str, int]:
    gc.collect()
    found = {n: psutil.Process(p).memory_info().rss for n, p in session.engine.processes().items()}
    return {**found, "python": psutil.Process().memory_info().rss}


@pytest.mark.soak
@pytest.mark.timeout(SECONDS + 120)
def test_ten_minutes_run_like_one(recordings: Path, tmp_path: Path) -> None:
    settings = Settings.load(audio="dummy", players="drums,bass,keys,guitar,lead,pad")
    take = recordings / "loop_amen_full.flac"
    with Session(CHART, input=take, settings=settings, log=tmp_path / "log.jsonl") as session:
        time.sleep(60)
        before, nodes = resident(session), session.engine.server.server.query_status()
        time.sleep(SECONDS - 60)
        after, later = resident(session), session.engine.server.server.query_status()
        events = [event.kind for event in session.engine.events]
        xruns, late = session.engine.jack.xruns, session.late
    assert later.synth_count < nodes.synth_count + 40
    for name, size in after.items():
        assert size < before[name] * 1.1 + 8_000_000, (name, before[name], size)
    assert "missing" not in events
    assert late == 0 or xruns > 0
