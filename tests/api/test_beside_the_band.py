"""The service beside a band that plays: it tells where the band is, and disturbs it in nothing."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from api_clients import Client, open_settings

from scband.api.keyring import Role
from scband.api.serve import Service, beside
from scband.api.sound import band_of, sound_of
from scband.live.session import Session

CLIENTS = 50
SECONDS = 5.0
CROWD = """
import asyncio, json, sys, time
from websockets.asyncio.client import connect

async def one(url, seconds):
    heard = 0
    async with connect(url) as socket:
        until = time.monotonic() + seconds
        async def send():
            while time.monotonic() < until:
                await socket.send(json.dumps({"type": "transport_sync", "isPlaying": True,
                    "currentBeat": 8.0, "tempo": 120.0, "timestamp": ""}))
                await asyncio.sleep(0.1)
        sending = asyncio.create_task(send())
        while time.monotonic() < until:
            async with asyncio.timeout(seconds):
                await socket.recv()
            heard += 1
        await sending
    return heard

async def main(url, clients, seconds):
    heard = await asyncio.gather(*(one(url, seconds) for _ in range(clients)))
    print(min(heard))

asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
"""


@pytest.mark.timeout(120)
def test_50_clients_beside_the_band_make_nothing_late_and_see_where_it_is(tmp_path: Path) -> None:
    said: list[str] = []
    settings = open_settings(tmp_path, serve=True, audio="dummy")
    with Session(
        "title: Beside\n| C | F | G | C |", tempo=160, sound_card_input=False, settings=settings
    ) as session:
        with beside(settings, said.append, sound_of(session), band_of(session)) as service:
            assert service is not None, said
            assert service.services is not None
            token = service.services.keyring.issue("crowd", Role.OPERATOR)
            url = (
                f"{service.settings.websocket_url.replace('localhost', '127.0.0.1')}?token={token}"
            )
            crowd = [sys.executable, "-c", CROWD, url, str(CLIENTS), str(SECONDS)]
            with subprocess.Popen(crowd, stdout=subprocess.PIPE, text=True) as process:
                client = Client(service.settings.page_port, token)
                bars = set()
                while process.poll() is None:
                    now = client("GET", "/api/band").json()
                    bars.add(now["bar"])
                    time.sleep(0.1)
                assert process.stdout is not None
                heard = int(process.stdout.read())
            health = client("GET", "/health").json()
        assert process.returncode == 0
        assert heard >= 10
        assert now["playing"] is True
        assert now["title"] == "Beside"
        assert now["chord"] in {"C", "F", "G"}
        assert len(bars) >= 3
        assert health["supernova"] == health["sclang"] == "running"
        assert health["audio"].startswith("running: dummy")
        assert session.late == 0


def test_without_a_band_nothing_plays(tmp_path: Path) -> None:
    with Service(open_settings(tmp_path)) as service:
        assert service.services is not None
        token = service.services.keyring.issue("page", Role.PAGE)
        band = Client(service.settings.page_port, token)("GET", "/api/band").json()
    assert band["playing"] is False
    assert band["chord"] == ""
