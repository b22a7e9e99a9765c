"""What runs the service elsewhere says what the settings say."""

import re
from pathlib import Path

import pytest

from scband.settings import Settings

ROOT = Path(__file__).parents[1]
FILES = ("Dockerfile", "compose.yaml", "deploy/scband.service")
NO_SETTINGS = {"SCBAND_CACHE", "SCBAND_USER"}  # a folder for caches; compose's own


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", FILES)
def test_every_variable_that_is_set_is_a_setting(name: str) -> None:
    named = set(re.findall(r"SCBAND_[A-Z_]+", text(name))) - NO_SETTINGS
    assert named
    settings = {f"SCBAND_{setting.upper()}" for setting in Settings.model_fields}
    assert named <= settings


def test_the_container_opens_the_ports_of_the_settings_on_loopback_only() -> None:
    settings = Settings.load()
    ports = {settings.plugin_port, settings.engine_port, settings.page_port}
    exposed = re.search(r"^EXPOSE (.*)$", text("Dockerfile"), re.MULTILINE)
    assert exposed is not None
    assert set(map(int, exposed[1].split())) == ports
    published = re.findall(r'- "([\d.:]+)"', text("compose.yaml"))
    assert set(published) == {f"127.0.0.1:{port}:{port}" for port in ports}


def test_the_container_runs_as_nobody_of_importance_and_tells_its_health() -> None:
    last_user = re.findall(r"^USER (\S+)$", text("Dockerfile"), re.MULTILINE)[-1]
    assert last_user.split(":")[0].isdigit()
    assert int(last_user.split(":")[0]) >= 1000
    assert f"127.0.0.1:{Settings.load().plugin_port}/health" in text("Dockerfile")
    for word in ("read_only: true", "cap_drop: [ALL]", "no-new-privileges:true"):
        assert word in text("compose.yaml")
