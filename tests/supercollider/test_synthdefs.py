"""Compiling: once a change, safe among processes, errors with sclang's own line."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scband.errors import NotInstalledError, SynthDefError
from scband.supercollider.sources import sources_folder
from scband.supercollider.synthdefs import compiled_synthdefs, names

GOOD = "[SynthDef(\\tone, { |out = 0, freq = 440| Out.ar(out, SinOsc.ar(freq)) })]\n"


@pytest.fixture
def source(tmp_path):
    """A folder like sc/ with one SynthDef."""
    folder = tmp_path / "sc"
    (folder / "synthdefs").mkdir(parents=True)
    shutil.copy(sources_folder() / "compile.scd", folder)
    (folder / "synthdefs" / "tone.scd").write_text(GOOD)
    return folder


def test_every_catalogued_sound_and_the_mixer_is_compiled_with_and_without_plugins(tmp_path):
    from scband.supercollider.sounds import DRUMS, SOUNDS

    for plain in (False, True):
        folder = compiled_synthdefs(cache=tmp_path, plain=plain)
        wanted = {*SOUNDS, *DRUMS, "mixer_channel", "reverb", "delay", "master", "tap"}
        wanted |= {"input_audio", "input_file", "input_file_mono"}
        assert wanted <= set(names(folder))
        assert all((folder / f"{name}.scsyndef").stat().st_size for name in names(folder))


def test_the_plain_variant_uses_no_plugin(tmp_path):
    rich = compiled_synthdefs(cache=tmp_path, plain=False)
    plain = compiled_synthdefs(cache=tmp_path, plain=True)
    assert b"MdaPiano" in (rich / "piano.scsyndef").read_bytes()
    for model in (b"MdaPiano", b"DWGPlucked", b"OteyPiano"):
        assert not any(model in path.read_bytes() for path in plain.glob("*.scsyndef"))


def test_a_second_time_nothing_is_compiled(source, tmp_path):
    first = compiled_synthdefs(source, cache=tmp_path / "cache")
    stamp = (first / "tone.scsyndef").stat().st_mtime_ns
    begun = time.monotonic()
    assert compiled_synthdefs(source, cache=tmp_path / "cache") == first
    assert time.monotonic() - begun < 0.2
    assert (first / "tone.scsyndef").stat().st_mtime_ns == stamp


def test_a_changed_source_is_compiled_again(source, tmp_path):
    first = compiled_synthdefs(source, cache=tmp_path / "cache")
    (source / "synthdefs" / "tone.scd").write_text(GOOD.replace("tone", "other"))
    second = compiled_synthdefs(source, cache=tmp_path / "cache")
    assert first != second
    assert names(second) == ("other",)


def test_a_damaged_cache_is_made_again(source, tmp_path):
    folder = compiled_synthdefs(source, cache=tmp_path / "cache")
    (folder / "tone.scsyndef").unlink()
    assert compiled_synthdefs(source, cache=tmp_path / "cache") == folder
    assert (folder / "tone.scsyndef").stat().st_size


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[SynthDef(\\x, { |a|\n  Out.ar(0, (SinOsc.ar(1)) })]", "line 2"),
        ("[SynthDef(\\x, { NoSuchUGen.ar(1) })]", "Class not defined"),
        ("[SynthDef(\\x, { Out.ar(0, SinOsc.ar(1).noSuchThing) })]", "noSuchThing"),
        ("5", "Integer"),
        ("", "nil"),
        ("[SynthDef(\\x, { Out.ar(0, SinOsc.ar(1)) }), 3]", "Array of SynthDefs"),
    ],
)
def test_a_wrong_source_is_named_with_what_sclang_said(source, tmp_path, text, said):
    (source / "synthdefs" / "wrong.scd").write_text(text)
    with pytest.raises(SynthDefError, match=r"wrong\.scd") as caught:
        compiled_synthdefs(source, cache=tmp_path / "cache")
    assert said in str(caught.value)
    assert not list((tmp_path / "cache" / "synthdefs").iterdir()), "nothing half done is left"


def test_a_source_that_never_ends_is_given_up(source, tmp_path):
    (source / "synthdefs" / "slow.scd").write_text("while { true } { 1 }; []")
    begun = time.monotonic()
    with pytest.raises(SynthDefError, match="2 s"):
        compiled_synthdefs(source, cache=tmp_path / "cache", timeout=2)
    assert time.monotonic() - begun < 6


def test_processes_that_compile_at_once_get_the_same_whole_folder(source, tmp_path):
    program = (
        "import sys, pathlib; from scband.supercollider.synthdefs import compiled_synthdefs;"
        "f = compiled_synthdefs(pathlib.Path(sys.argv[1]), cache=pathlib.Path(sys.argv[2]));"
        "assert (f / 'tone.scsyndef').stat().st_size; print(f)"
    )
    command = [sys.executable, "-c", program, str(source), str(tmp_path / "cache")]
    children = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    printed = [child.communicate(timeout=60)[0].strip() for child in children]
    assert [child.returncode for child in children] == [0, 0, 0]
    assert len(set(printed)) == 1
    assert [path.name for path in Path(printed[0]).parent.iterdir()] == [Path(printed[0]).name]


def test_the_users_own_startup_file_is_not_run(source, tmp_path, monkeypatch):
    home = tmp_path / "config" / "SuperCollider"
    home.mkdir(parents=True)
    mark = tmp_path / "ran"
    (home / "startup.scd").write_text(f'File.use("{mark}", "w", {{ |f| f.write("x") }});')
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    compiled_synthdefs(source, cache=tmp_path / "cache")
    assert not mark.exists()


def test_a_cache_that_cannot_be_written_says_so(source, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SynthDefError, match="SCBAND_CACHE"):
        compiled_synthdefs(source, cache=tmp_path / "file")


def test_without_sclang_the_error_says_how_to_install_it(source, tmp_path, monkeypatch):
    monkeypatch.setenv("SCBAND_SCLANG", str(tmp_path / "nowhere"))
    with pytest.raises(NotInstalledError, match="sclang"):
        compiled_synthdefs(source, cache=tmp_path / "cache")


def test_the_cache_folder_can_be_chosen_by_environment(source, tmp_path, monkeypatch):
    monkeypatch.setenv("SCBAND_CACHE", str(tmp_path / "mine"))
    folder = compiled_synthdefs(source)
    assert os.path.commonpath([folder, tmp_path / "mine"]) == str(tmp_path / "mine")
