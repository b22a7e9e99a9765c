"""A headless Chromium of a test's own, driven by WebDriver (W3C) with nothing between."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
_START_SECONDS = 30.0


class Browser:
    """One window."""

    def __init__(self, session: str) -> None:
        self._session = session

    def open(self, url: str) -> None:
        """Load a page."""
        _ask("POST", f"{self._session}/url", {"url": url})

    def run(self, script: str, *arguments: object) -> Any:
        """Run a function's body in the page and return what it returns."""
        body = {"script": script, "args": list(arguments)}
        return _ask("POST", f"{self._session}/execute/sync", body)

    def wait(self, script: str, seconds: float = 15.0) -> Any:
        """Wait until an expression is true in the page, and return its value."""
        until = time.monotonic() + seconds
        while not (value := self.run(f"return {script}")):
            assert time.monotonic() < until, f"never so: {script}\n{self.run(_TEXT)}"
            time.sleep(0.05)
        return value

    def complaints(self) -> list[str]:
        """Return what the browser has against the page: errors, and what a policy kept out."""
        entries = _ask("POST", f"{self._session}/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries if entry["level"] in {"SEVERE", "WARNING"}]

    def screenshot(self, path: Path) -> Path:
        """Write what is seen."""
        path.write_bytes(base64.b64decode(_ask("GET", f"{self._session}/screenshot")))
        return path


_TEXT = "return document.body.innerText"


def _ask(method: str, url: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["value"]


@contextmanager
def chromium(folder: Path, port: int, width: int = 900, height: int = 700) -> Iterator[Browser]:
    """Start a browser with an empty profile, and end it with all of its processes."""
    driver = shutil.which("chromedriver")
    assert driver is not None, "install chromium and chromium-driver"
    process = subprocess.Popen(
        [driver, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    root = f"http://127.0.0.1:{port}"
    try:
        _await(f"{root}/status")
        flags = [*_FLAGS, f"--user-data-dir={folder}", f"--window-size={width},{height}"]
        wanted = {
            "browserName": "chrome",
            "goog:chromeOptions": {"args": flags},
            "goog:loggingPrefs": {"browser": "ALL"},
        }
        made = _ask("POST", f"{root}/session", {"capabilities": {"alwaysMatch": wanted}})
        session = f"{root}/session/{made['sessionId']}"
        try:
            yield Browser(session)
        finally:
            _ask("DELETE", session)
    finally:
        process.terminate()
        process.wait(10)


def _await(url: str) -> None:
    until = time.monotonic() + _START_SECONDS
    while True:
        try:
            _ask("GET", url)
            return
        except OSError:
            assert time.monotonic() < until, "chromedriver did not start"
            time.sleep(0.05)
