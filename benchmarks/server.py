"""The service beside what plugins expect of it: one core for the server, another for the clients.

Prints a table of each promise, what was measured, and how late the machine's own timers were (a
latency counts only where that is at most 1 ms). `server.py NAME …` measures some of them.
"""

from __future__ import annotations

import http.client
import json
import os
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np
import psutil
from socket_load import Frames, floor, masked, open_socket, run

SERVER_CORE, CLIENT_CORE = 0, max(os.sched_getaffinity(0))
REPEATS = 40
TRACKS = ["bass", "drums", "keys", "guitar"]


def serve(folder: str) -> None:
    """Run the service in this process until standard input ends."""
    from scband.api.keyring import Role
    from scband.api.serve import Service
    from scband.settings import Settings

    os.sched_setaffinity(0, {SERVER_CORE})
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    rates = dict.fromkeys(("rate_register", "rate_generate", "rate_upload", "rate_other"), 1e5)
    ports = dict.fromkeys(("plugin_port", "engine_port", "page_port"), 0)
    settings = Settings.load(
        **rates, **ports, status_file="", state_folder=f"{folder}/state",
        monitor_folder=f"{folder}/midi", max_connections=4000, max_connections_per_address=4000,
    )  # fmt: skip
    with Service(settings) as service:
        assert service.services is not None
        tokens = [service.services.keyring.issue("bench", role) for role in Role]
        print(json.dumps([service.settings.plugin_port, *tokens]), flush=True)
        sys.stdin.read()


def serve_stock() -> None:
    """Echo and broadcast as FastAPI and uvicorn alone do it, to compare with."""
    import asyncio

    import uvicorn
    import uvloop
    from fastapi import FastAPI, WebSocket, WebSocketDisconnect

    os.sched_setaffinity(0, {SERVER_CORE})
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    app, clients = FastAPI(), set()

    async def broadcast() -> None:
        while True:
            await asyncio.sleep(0.098)
            text = f'{{"serverTime":{time.monotonic():.6f},"p":"{"x" * 130}"}}'
            for client in tuple(clients):
                await client.send_text(text)

    async def sync(websocket: WebSocket) -> None:
        await websocket.accept()
        clients.add(websocket)
        try:
            while True:
                await websocket.send_text(await websocket.receive_text())
        except WebSocketDisconnect:
            clients.discard(websocket)

    sync.__annotations__["websocket"] = WebSocket  # its name is known in here alone
    app.websocket("/ws/sync")(sync)
    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
    print(json.dumps([listening.getsockname()[1], ""]), flush=True)
    config = uvicorn.Config(
        app, loop="uvloop", ws="websockets-sansio", ws_per_message_deflate=False, log_config=None,
        access_log=False,
    )  # fmt: skip

    async def run_both() -> None:
        told = asyncio.create_task(broadcast())
        await uvicorn.Server(config).serve([listening])
        told.cancel()

    uvloop.run(run_both())


@contextmanager
def stock() -> Iterator[int]:
    child = subprocess.Popen(
        [sys.executable, __file__, "--stock"], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    try:
        yield json.loads(child.stdout.readline())[0]
    finally:
        child.terminate()
        child.communicate(timeout=20)


@dataclass
class Bench:
    """A service in a process of its own, and how to reach it."""

    folder: Path
    port: int
    token: str
    process: psutil.Process

    def call(
        self, method: str, path: str, body: bytes | dict | None = None, kind: str = ""
    ) -> dict:
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        self.http.request(
            method,
            path,
            data,
            {
                "Authorization": f"Bearer {self.token}",
                "Content-Type": kind or "application/json",
            },
        )
        return json.loads(self.http.getresponse().read())

    def __post_init__(self) -> None:
        self.http = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        self.http.connect()
        assert self.http.sock is not None
        self.http.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.call("POST", "/api/plugin/register", {"plugin_id": "bench", "secret": "bench"})


@contextmanager
def service() -> Iterator[Bench]:
    with tempfile.TemporaryDirectory() as folder:
        child = subprocess.Popen(
            [sys.executable, __file__, "--serve", folder],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert child.stdout is not None
        port, token, *_ = json.loads(child.stdout.readline())
        try:
            yield Bench(Path(folder), port, token, psutil.Process(child.pid))
        finally:
            child.communicate(timeout=20)


def timed(call: Callable[[int], object], repeats: int = REPEATS) -> list[float]:
    """Return how long each of many calls took, in milliseconds."""
    took = []
    for number in range(repeats):
        began = time.perf_counter()
        call(number)
        took.append((time.perf_counter() - began) * 1000)
        time.sleep(0.01)
    return took


class Listener:
    """A client that waits for a message."""

    def __init__(self, bench: Bench) -> None:
        self.socket = open_socket(bench.port, bench.token)
        self.frames = Frames()
        self.until(b'"snapshot"')

    def until(self, what: bytes, seconds: float = 60.0) -> float:
        """Return when a text with `what` in it came, on the monotonic clock."""
        self.socket.settimeout(seconds)
        while True:
            data = self.socket.recv(1 << 20)
            at = time.monotonic()
            if any(what in text for text in self.frames.feed(data)):
                return at


def registration(bench: Bench) -> list[float]:
    return timed(
        lambda number: bench.call(
            "POST", "/api/plugin/register", {"plugin_id": f"p{number}", "secret": "a secret"}
        )
    )


def trigger(bench: Bench) -> list[float]:
    body = {"track_types": TRACKS, "chord_progression": "C-Am-F-G", "tempo": 120, "duration": 32}
    jobs = []
    took = timed(
        lambda number: jobs.append(
            bench.call("POST", "/api/midi/generate", {**body, "seed": number})
        )
    )
    for job in jobs:
        bench.call("GET", f"/api/jobs/{job['job_id']}?wait=30")
    return took


def notification(bench: Bench) -> list[float]:
    """Rename a file into the folder, wait for the message."""
    listener = Listener(bench)
    mido.MidiFile(tracks=[mido.MidiTrack([mido.Message("note_on", note=40)])]).save(
        bench.folder / "one.mid"
    )
    took = []
    for number in range(REPEATS):
        name = f"dropped-{number}-{time.monotonic_ns()}.mid"
        shutil.copy(bench.folder / "one.mid", bench.folder / name)
        began = time.monotonic()
        (bench.folder / name).rename(bench.folder / "midi" / name)
        took.append((listener.until(name.encode()) - began) * 1000)
        time.sleep(0.02)
    listener.socket.close()
    return took


def update(bench: Bench) -> list[float]:
    """Report a transport, wait until another client has it."""
    sender, listener = Listener(bench), Listener(bench)
    took = []
    for number in range(REPEATS):
        tempo = 100 + number
        text = {"type": "transport_sync", "isPlaying": False, "currentBeat": 0, "tempo": tempo}
        began = time.monotonic()
        sender.socket.send(masked(json.dumps(text).encode()))
        took.append((listener.until(b'"tempo":%d,' % tempo) - began) * 1000)
        time.sleep(0.037)
    sender.socket.close()
    listener.socket.close()
    return took


def listing(bench: Bench) -> list[float]:
    data = (bench.folder / "one.mid").read_bytes()
    for number in range(1000):
        (bench.folder / "midi" / f"many-{number}.mid").write_bytes(data)
    while bench.call("GET", "/api/midi/list?limit=1")["count"] < 1000:
        time.sleep(0.1)
    return timed(lambda _: bench.call("GET", "/api/midi/list"))


def slow_clients(bench: Bench) -> tuple[float, float, float]:
    """50 honest clients beside 5 that stall and 50 half-open ones: delivery, p50, MiB more."""
    run(bench.port, bench.token, 50, echo=False, seconds=2.0)
    before = bench.process.memory_info().rss
    stalled = [open_socket(bench.port, bench.token, buffer=4096) for _ in range(5)]
    half = [socket.create_connection(("127.0.0.1", bench.port)) for _ in range(50)]
    for each in half:
        each.sendall(b"GET /ws/sync HTTP/1.1\r\nHost: x\r\nUpgr")
    figures = run(bench.port, bench.token, 50, echo=False, seconds=8.0)
    more = (bench.process.memory_info().rss - before) / 2**20
    for each in (*stalled, *half):
        each.close()
    return figures.delivery, figures.quantile(0.5), more


def flow(bench: Bench) -> float:
    """Upload thirty seconds of audio, wait for four files; seconds."""
    rate = 44100
    axis = np.arange(30 * rate) / rate
    sound = np.zeros(len(axis))
    for number in range(15):
        inside = slice(number * 2 * rate, (number + 1) * 2 * rate)
        for pitch in ((48, 52, 55), (45, 48, 52), (41, 45, 48), (43, 47, 50))[number % 4]:
            for partial in (0.5, 1, 2, 3):
                hertz = 440 * 2 ** ((pitch - 69) / 12) * partial
                sound[inside] += 0.05 * np.sin(2 * np.pi * hertz * axis[inside])
    sound *= np.exp(-3 * (axis % 0.5))
    # no two runs alike: an analysis that is remembered would measure nothing
    sound += 1e-3 * np.random.default_rng(time.time_ns()).normal(size=len(sound))
    with wave.open(str(bench.folder / "take.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((sound * 32767).astype("<i2").tobytes())
    listener = Listener(bench)
    began = time.monotonic()
    data = (bench.folder / "take.wav").read_bytes()
    audio = bench.call("POST", "/api/audio/upload", data, "audio/wav")
    body = {"track_types": TRACKS, "audio_id": audio["audio_id"]}
    job = bench.call("POST", "/api/midi/generate", body)
    at = listener.until(b'"state":"done"', 120.0)
    listener.socket.close()
    assert len(bench.call("GET", f"/api/jobs/{job['job_id']}")["result"]["files"]) == 4
    return at - began


def row(what: str, target: str, measured: str, good: bool) -> None:
    print(f"| {what} | {target} | {measured} | {'yes' if good else 'NO'} |", flush=True)


def middle(what: str, took: list[float], target: float) -> None:
    median = statistics.median(took)
    measured = f"{median:.2f} ms (p99 {sorted(took)[int(0.99 * len(took))]:.1f})"
    row(what, f"{target:g} ms median", measured, median <= target)


def latencies(bench: Bench) -> None:
    middle("registration", registration(bench), 10)
    middle("generation trigger", trigger(bench), 10)
    middle("file notification", notification(bench), 3)
    middle("transport update", update(bench), 2)
    middle("list of 1,000 files", listing(bench), 20)
    middle("notice beside 1,000 files", notification(bench), 10)


def echoes(bench: Bench) -> None:
    found = run(bench.port, bench.token, 800, echo=True)
    p99 = found.quantile(0.99)
    told = f"{p99:.2f} ms (p50 {found.quantile(0.5):.2f}, delivery {found.delivery:.4f})"
    row("echo p99, 800 clients at 10 Hz", "5 ms", told, p99 < 5)


def broadcasts(bench: Bench) -> None:
    for clients, target in ((50, 0.6), (200, 1.5)):
        found = run(bench.port, bench.token, clients, echo=False)
        p50 = found.quantile(0.5)
        told = f"{p50:.2f} ms (p99 {found.quantile(0.99):.2f}, delivery {found.delivery:.4f})"
        row(f"broadcast p50, {clients} clients", f"{target:g} ms", told, p50 <= target)


def compared(_: Bench) -> None:
    """Print what FastAPI and uvicorn alone reach here."""
    with stock() as port:
        echo = run(port, "", 800, echo=True)
        told = f"echo p99 at 800 {echo.quantile(0.99):.2f} ms"
        for clients in (50, 200):
            found = run(port, "", clients, echo=False)
            told += f", broadcast p50 at {clients} {found.quantile(0.5):.2f} ms"
    row("(FastAPI and uvicorn alone)", "", told, good=True)


def slowness(bench: Bench) -> None:
    delivery, p50, more = slow_clients(bench)
    told = f"{delivery:.4f}, p50 {p50:.2f} ms, {more:+.1f} MiB"
    good = delivery >= 0.999 and more <= 2
    row("50 clients beside 5 stalled, 50 half-open", "0.999, +2 MiB", told, good)


def whole(bench: Bench) -> None:
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    seconds = flow(bench)
    row("30 s of audio → four files", "10 s", f"{seconds:.1f} s", seconds < 10)


PARTS = {
    "latencies": latencies,
    "echoes": echoes,
    "broadcasts": broadcasts,
    "compared": compared,
    "slowness": slowness,
    "flow": whole,
}


def main() -> int:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    os.sched_setaffinity(0, {CLIENT_CORE})
    late = max(floor(SERVER_CORE), floor(CLIENT_CORE))
    print(f"timers late by {late:.2f} ms (p99), load {os.getloadavg()[0]:.1f}\n")
    print("| what | to reach | measured | reached |\n| --- | --- | --- | --- |")
    for name in sys.argv[1:] or PARTS:
        with service() as bench:
            PARTS[name](bench)
    late = max(floor(SERVER_CORE), floor(CLIENT_CORE))
    print(f"\ntimers late by {late:.2f} ms (p99) at the end")
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(sys.argv[2])
    elif sys.argv[1:2] == ["--stock"]:
        serve_stock()
    else:
        sys.exit(main())
