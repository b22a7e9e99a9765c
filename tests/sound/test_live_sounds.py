"""The whole band in real time: what it costs, and that every note frees itself."""

import time

import psutil
import pytest

from scband.supercollider.engine import Engine
from scband.supercollider.sounds import DRUMS, SOUNDS

AHEAD = 0.3
LIMIT = 0.4 * 2
"""Cores: 40 % of a machine with two."""


@pytest.fixture(scope="module")
def band(engine: Engine) -> Engine:
    for player in ("drums", "bass", "keys", "guitar", "lead", "pad"):
        engine.add_player(player, "kit" if player == "drums" else "piano")
    engine.server.sync()
    return engine


def synths(engine):
    engine.server.sync()
    status = engine.server.server.query_status()
    return status.synth_count


def processor(engine):
    """Seconds of processor time that all of scband's sound processes have used so far."""
    used = 0.0
    for pid in engine.processes().values():
        times = psutil.Process(pid).cpu_times()
        used += times.user + times.system
    return used


def play(engine, notes, start):
    """Send timed notes as time-stamped bundles, half a second ahead, and wait for their end."""
    for number, note in enumerate(notes):
        strip = engine.mixer.strips[note.player]
        controls = {"out": strip.bus, **note.arguments}
        flat = [each for key, value in controls.items() for each in (key, float(value))]
        pause = start + note.time - AHEAD - time.time()
        if pause > 0:
            time.sleep(pause)
        engine.server.send_at(
            start + note.time, ("/s_new", note.sound, 20_000 + number, 1, strip.group, *flat)
        )


def test_the_full_band_costs_under_40_percent_of_two_cores_and_nothing_is_late(band):
    import sound_band

    notes = sorted(sound_band.notes("rock", bars=4), key=lambda note: note.time)
    before, events, begun = processor(band), len(band.events), time.monotonic()
    play(band, notes, time.time() + 0.5)
    cost = (processor(band) - before) / (time.monotonic() - begun)
    assert cost < LIMIT, f"{cost:.2f} cores"
    assert not [event for event in band.events[events:] if event.kind in ("late", "complaint")]


def test_every_sound_starts_on_the_server_and_frees_itself(band):
    time.sleep(2.0)
    resting = synths(band)
    events = len(band.events)
    group = band.mixer.strips["keys"].group
    for number, name in enumerate([*SOUNDS, *DRUMS]):
        controls = ("out", band.mixer.strips["keys"].bus, "velocity", 0.5, "sustain", 0.1)
        pitch = ("freq", 220.0) if name in SOUNDS else ()
        band.server.send("/s_new", name, 30_000 + number, 1, group, *controls, *pitch)
    assert synths(band) == resting + len(SOUNDS) + len(DRUMS)
    deadline = time.monotonic() + 8
    while synths(band) > resting and time.monotonic() < deadline:
        time.sleep(0.1)
    assert synths(band) == resting
    assert not [event for event in band.events[events:] if event.kind == "complaint"]


def test_meters_in_shared_memory_show_what_sounds(band):
    strip = band.mixer.strips["bass"]
    band.server.send(
        "/s_new",
        "bass_synth",
        31_000,
        1,
        strip.group,
        "out",
        strip.bus,
        "freq",
        110.0,
        "sustain",
        0.6,
    )
    time.sleep(0.5)
    levels = band.mixer.levels()
    assert levels["bass"].rms > 0.01
    assert levels["master"].rms > 0.01
    assert levels["guitar"].peak < 0.02
