"""Every way in which booting can fail ends soon, in one typed error, and leaves nothing."""

import re
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from scband.errors import (
    JackError,
    LanguageBootError,
    NotInstalledError,
    PortBusyError,
    ServerBootError,
    SynthDefError,
)
from scband.supercollider.engine import Engine, EngineOptions
from scband.supercollider.jack import AudioDriver, Jack, JackOptions
from scband.supercollider.server import ServerOptions
from scband.supercollider.sources import sources_folder

DUMMY = JackOptions(driver=AudioDriver.DUMMY)
MOST_SECONDS = 10.0


@pytest.fixture(autouse=True)
def bounded_and_clean() -> Iterator[None]:
    mine = {p.pid for p in psutil.Process().children(recursive=True)}
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < MOST_SECONDS
    left = [
        p.name()
        for p in psutil.Process().children(recursive=True)
        if p.pid not in mine and p.name() in ("jackd", "supernova", "sclang")
    ]
    assert left == []


def boot(options: EngineOptions) -> None:
    with Engine(options):
        pytest.fail("it booted")


@pytest.mark.parametrize("program", ["supernova", "sclang", "jackd"])
def test_a_missing_program_is_named_with_how_to_install_it(
    program: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(f"SCBAND_{program.upper()}", str(tmp_path / "nosuch"))
    with pytest.raises(NotInstalledError, match=rf"(?s){program}.*install"):
        boot(EngineOptions(jack=DUMMY))


def test_a_card_that_is_not_there_is_told_in_jackd_s_own_words() -> None:
    options = JackOptions(driver=AudioDriver.CARD, device="hw:scbandnosuch")
    with pytest.raises(JackError, match=r"(?s)jackd.*hw:scbandnosuch.*dummy"):
        boot(EngineOptions(jack=options))


def test_a_jack_server_that_should_run_and_does_not_is_named() -> None:
    options = JackOptions(driver=AudioDriver.RUNNING, name="scband-nosuch")
    with pytest.raises(JackError, match="no JACK server named 'scband-nosuch'"):
        boot(EngineOptions(jack=options))


def test_a_wrong_sample_rate_names_both_rates() -> None:
    jack = Jack(JackOptions(driver=AudioDriver.DUMMY, sample_rate=44100))
    state = jack.start()
    try:
        options = JackOptions(driver=AudioDriver.RUNNING, name=state.name, sample_rate=48000)
        with pytest.raises(JackError, match=r"44100 Hz.*48000"):
            boot(EngineOptions(jack=options))
    finally:
        jack.stop()


def test_a_running_jack_server_is_used_and_left_running() -> None:
    jack = Jack(JackOptions(driver=AudioDriver.DUMMY, sample_rate=44100, period=256))
    name = jack.start().name
    try:
        with Engine(EngineOptions(jack=JackOptions(name=name))) as engine:
            state = engine.jack.state
            assert state is not None
            assert (state.sample_rate, state.period, state.owned) == (44100, 256, False)
            assert engine.patterns.ping().verb == "ping"
        assert jack.process is not None
        assert jack.process.running
    finally:
        jack.stop()


def test_a_busy_port_is_named() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
        with pytest.raises(PortBusyError, match=str(port)):
            boot(EngineOptions(jack=DUMMY, server=ServerOptions(port=port)))


def test_a_server_that_cannot_use_its_options_is_told_in_supernova_s_own_words() -> None:
    begun = time.monotonic()
    with pytest.raises(ServerBootError, match=r"(?s)supernova: .*rt-memory.*doctor"):
        boot(EngineOptions(jack=DUMMY, server=ServerOptions(memory_kib=2**40)))
    assert time.monotonic() - begun < 5


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy = tmp_path / "sc"
    shutil.copytree(sources_folder(), copy)
    monkeypatch.setenv("SCBAND_SC", str(copy))
    return copy


@pytest.mark.parametrize("name", ["band.scd", "player.scd", "classes/Scband.sc"])
def test_a_parse_error_in_the_patterns_is_shown_with_sclang_s_own_line(
    sources: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the same SynthDefs as ever: only the patterns are broken here
    monkeypatch.setattr(
        "scband.supercollider.engine.compiled_synthdefs", _usual_synthdefs(monkeypatch)
    )
    file = sources / "patterns" / name
    file.write_text(file.read_text() + "\n{ this is ( no sclang\n")
    with pytest.raises(LanguageBootError, match=f"(?s){Path(name).name}|line 1"):
        boot(EngineOptions(jack=DUMMY))


def _usual_synthdefs(monkeypatch: pytest.MonkeyPatch) -> object:
    from scband.supercollider.synthdefs import compiled_synthdefs

    usual = Path(__file__).parents[2] / "sc"
    return lambda: compiled_synthdefs(usual)


def test_a_parse_error_in_a_synthdef_is_shown_with_file_and_line(
    sources: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SCBAND_CACHE", str(tmp_path / "cache"))
    for file in (sources / "synthdefs").glob("*.scd"):
        if file.name != "click.scd":
            file.unlink()
    file = sources / "synthdefs" / "click.scd"
    file.write_text(file.read_text().replace("SynthDef(", "SynthDef((", 1))
    with pytest.raises(SynthDefError, match=r"(?s)click\.scd") as raised:
        boot(EngineOptions(jack=DUMMY))
    assert re.search(r"line \d+|unexpected|parse", str(raised.value))


def test_a_server_without_sc3_plugins_plays_the_plain_sounds_and_says_so(tmp_path: Path) -> None:
    # the UGens that our richer sounds and pitch tracker are made of
    extra = ("Mda", "DWG", "Tartini", "PitchDetection", "JPverb", "DEIND")
    for library in Path("/usr/lib/SuperCollider/plugins").glob("*_supernova.so"):
        if not library.name.startswith(extra):
            (tmp_path / library.name).symlink_to(library)
    options = EngineOptions(jack=DUMMY, server=ServerOptions(plugins=str(tmp_path)))
    with Engine(options) as engine:
        notes = [event.text for event in engine.events if event.kind == "note"]
        assert any("sc3-plugins-server" in text for text in notes)
        before = len(engine.server.complaints)
        for name in ("piano", "bass_upright", "guitar_steel", "analysis"):
            engine.server.send("/s_new", name, -1, 0, 1)
        engine.server.sync()
        time.sleep(0.2)
        assert engine.server.complaints[before:] == []
