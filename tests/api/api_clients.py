"""Plain clients of the API, and settings for a service of a test's own."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from scband.settings import Settings

WAIT = 10.0


@dataclass
class Answer:
    """A response, read to its end."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Client:
    """A plain HTTP client of one port, with a token or without."""

    port: int
    token: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        **headers: str,
    ) -> Answer:
        given = {**self.headers, **{name.replace("_", "-"): v for name, v in headers.items()}}
        if self.token:
            given.setdefault("Authorization", f"Bearer {self.token}")
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            given.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT)
        try:
            connection.request(method, path, body, given)
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, names, answer.read())
        finally:
            connection.close()


def open_settings(folder: Path, **changed: Any) -> Settings:
    """Return settings with free ports, all files below a folder, and no rate in the way."""
    rates = dict.fromkeys(("rate_register", "rate_generate", "rate_upload", "rate_other"), 1e5)
    ports = dict.fromkeys(("plugin_port", "engine_port", "page_port"), 0)
    folders = {
        "state_folder": str(folder / "state"),
        "monitor_folder": str(folder / "monitored"),
        "projects_folder": str(folder / "projects"),
        "status_file": "",
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCBAND_CONFIG", str(folder / "config.toml"))
        return Settings.load(**{**rates, **ports, **folders, **changed})
