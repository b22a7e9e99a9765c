"""A headless sclang that keeps the clock and plays the patterns."""

from __future__ import annotations

import os
import queue
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scband.errors import LanguageBootError, PatternError, SuperColliderError
from scband.supercollider import programs
from scband.supercollider.osc import OscPort, Received
from scband.supercollider.processes import ChildProcess
from scband.supercollider.sources import sources_folder
from scband.supercollider.vocabulary import PREFIX, VERBS

_HELLO_SECONDS = 7.0
_READY_SECONDS = 6.0
_SILENT_SECONDS = 2.0
_ERROR_SIGNS = ("ERROR:", "error parsing")
_NOT_COMPILED = "Library has not been compiled"
_WELCOME = "*** Welcome to SuperCollider"
_READING = "SCBAND_READING"  # printed by band.scd first of all: errors after it may be a user's own
_UNREADABLE = "SCBAND_UNREADABLE"


def _first_error(lines: list[str]) -> int:
    """Return where an error of our own code begins in what sclang printed, from 1; 0 for none."""
    for number, line in enumerate(lines):
        if line.startswith(_NOT_COMPILED):
            place = next((n for n, text in enumerate(lines) if "in file '" in text), number)
            return max(1, place)
        ours = _READING not in lines or any(text.startswith(_UNREADABLE) for text in lines)
        if ours and line.startswith(_ERROR_SIGNS):
            return number + 1
    return 0


@dataclass(frozen=True, slots=True)
class LanguageOptions:
    """How sclang is started.

    `user_patterns` is a folder of the user's own Pdefs ("" for none); `extensions` compiles the
    user's and sc3-plugins' classes too (slower, needed where the user's Pdefs use them).
    """

    user_patterns: str = ""
    extensions: bool = False
    latency: float = 0.1
    link: bool = False
    client_id: int = 3


class Language:
    """The running sclang.

    `on_report(name, values, time)` is called in a reading thread for everything that sclang says
    beside hello, ready and answers, and `on_exit()` when it ends without having been asked to.
    `send` sends one message of the vocabulary; its answer goes to `on_answer(name, values)`.
    """

    def __init__(
        self,
        options: LanguageOptions,
        *,
        on_report: Callable[[str, tuple[object, ...], float], None] | None = None,
        on_exit: Callable[[], None] | None = None,
    ) -> None:
        self.options = options
        self.token = secrets.token_hex(16)
        self.port = 0
        self.malformed = 0
        self._on_report = on_report
        self._on_exit = on_exit
        self.on_answer: Callable[[str, tuple[object, ...]], None] | None = None
        self._news: queue.Queue[tuple[str, tuple[object, ...]]] = queue.Queue(maxsize=1000)
        self._process: ChildProcess | None = None
        self._osc: OscPort | None = None
        self._folder: Path | None = None
        self._quitting = False
        self._welcomed = 0.0
        self._booting = True

    @property
    def pid(self) -> int:
        """sclang's process id."""
        return self._child().pid

    def _child(self) -> ChildProcess:
        if self._process is None:
            raise LanguageBootError("sclang has not been started")
        return self._process

    def start(self) -> None:
        """Start sclang, which first compiles its class library; does not wait."""
        patterns = sources_folder() / "patterns"
        program = programs.find("sclang")
        self._osc = OscPort(self._hear, self._count_malformed, name="sclang-port")
        self._folder = Path(tempfile.mkdtemp(prefix="scband-sclang-"))
        conf = self._write_conf(self._folder, patterns / "classes")
        # never a port of its own: sclang takes the next free one and says which in its hello
        argv = [str(program), "-D", "-i", "none", "-l", str(conf), str(patterns / "band.scd")]
        self._process = ChildProcess(
            "sclang", argv, env=self._environment(), on_exit=self._exited
        ).start()

    def _write_conf(self, folder: Path, classes: Path) -> Path:
        excluded = [
            "/usr/share/SuperCollider/Extensions",
            "/usr/local/share/SuperCollider/Extensions",
            str(Path.home() / ".local/share/SuperCollider/Extensions"),
            str(Path.home() / "Library/Application Support/SuperCollider/Extensions"),
        ]
        lines = ["includePaths:", f"  - {classes}", "excludePaths:"]
        lines += [f"  - {path}" for path in excluded] if not self.options.extensions else []
        if self.options.extensions:
            lines[-1] += " []"
        lines += ["postInlineWarnings: false", "excludeDefaultPaths: false"]
        conf = folder / "sclang_conf.yaml"
        conf.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return conf

    def _environment(self) -> dict[str, str]:
        assert self._osc is not None
        environment = {
            "QT_QPA_PLATFORM": "offscreen",
            "SCBAND_PORT": str(self._osc.port),
            "SCBAND_TOKEN": self.token,
            "SCBAND_PATTERNS": self.options.user_patterns,
        }
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            environment["QTWEBENGINE_DISABLE_SANDBOX"] = "1"  # Qt refuses to run as root without
        return environment

    def attach(self, server_port: int, max_logins: int) -> None:
        """Wait for sclang, attach it to supernova, and wait until it is ready.

        Raises LanguageBootError with sclang's own lines where it does not come up.
        """
        self._expect("hello", _HELLO_SECONDS)
        o = self.options
        self.send("attach", 0, server_port, o.client_id, max_logins, o.latency, int(o.link))
        self._expect("ready", _READY_SECONDS)

    def _expect(self, wanted: str, seconds: float) -> tuple[object, ...]:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                name, values = self._news.get(timeout=min(left, 0.1))
            except queue.Empty:
                self._look_for_failure(ended=not self._child().running)
                continue
            if name == wanted:
                return values
            if name == "error":
                raise LanguageBootError(f"sclang refused to attach: {values[-1]}")
            if name == "fault" and values and values[0] == "Attach":
                raise LanguageBootError(f"sclang: {values[1]}")
        raise LanguageBootError(
            f"sclang said no {wanted} within {seconds:g} s:\n{self._child().last_words(8)}"
        )

    def _look_for_failure(self, *, ended: bool) -> None:
        """Raise LanguageBootError where sclang has printed that it cannot go on."""
        child = self._child()
        lines = list(child.lines)
        if first := _first_error(lines):
            child.exited.wait(0.3)  # let it finish its sentence
            said = "\n".join(f"  sclang: {line}" for line in list(child.lines)[first - 1 :][:14])
            raise LanguageBootError(
                f"sclang cannot read its code:\n{said}\n"
                "  mend the file that it names, or reinstall scband or SuperCollider"
            )
        if ended:
            raise LanguageBootError(
                f"sclang ended before it was ready (status {child.returncode}):\n"
                f"{child.last_words(8)}"
            )
        welcomed = any(_WELCOME in line for line in lines)
        self._welcomed = self._welcomed or (time.monotonic() if welcomed else 0.0)
        silent = self._welcomed and time.monotonic() - self._welcomed > _SILENT_SECONDS
        if silent and _READING not in lines:
            raise LanguageBootError(
                f"sclang started but did not run {child.argv[-1]} (no line of it was reached):\n"
                f"{child.last_words(4)}\n  look for a bracket that is not closed in that file"
            )

    def send(self, verb: str, sequence: int, *values: str | float) -> None:
        """Send one message of the vocabulary without waiting (attach has sequence 0)."""
        if self._osc is None or not self.port:
            raise PatternError(f"{verb}: sclang is not running")
        datagram = VERBS[verb].encode(self.token, sequence, values)
        self._osc.send(datagram, ("127.0.0.1", self.port))

    def _hear(self, message: Received) -> None:
        if self.port and message.sender[1] != self.port:
            self.malformed += 1
            return
        if not message.address.startswith(PREFIX):
            self.malformed += 1
            return
        name = message.address.removeprefix(PREFIX)
        if not self.port:
            if name != "hello" or len(message.values) != 2 or message.values[0] != self.token:
                self.malformed += 1  # until sclang has shown the token, nobody is heard
                return
            self.port = int(message.values[1])
        if name in ("ack", "error") and message.values and message.values[0] != 0:
            if self.on_answer is not None:
                self.on_answer(name, message.values)
        elif name in ("hello", "ready") or (name in ("fault", "error") and self._booting):
            self._news.put_nowait((name, message.values))
        if name == "ready":
            self._booting = False
        if name not in ("ack", "error", "hello", "ready") and self._on_report is not None:
            self._on_report(name, message.values, message.time)

    def _count_malformed(self, error: SuperColliderError) -> None:
        self.malformed += 1

    def _exited(self, code: int) -> None:
        if not self._quitting and self._on_exit is not None:
            self._on_exit()

    def quit(self) -> None:
        """End sclang. Safe to call twice."""
        self._quitting = True
        if self._process is not None:
            self._process.stop(timeout=1.0)
        if self._osc is not None:
            self._osc.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._osc = None
        self.port = 0
