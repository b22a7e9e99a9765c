"""Server commands at times in a file, and the server that turns the file into sound.

The format is that of the non-real-time mode of scsynth and supernova: OSC bundles, each behind
its length as a big-endian 32-bit integer, times in seconds from the start (SuperCollider's
*Non-Realtime Synthesis* guide).
"""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from scband.errors import OfflineRenderError
from scband.supercollider import programs
from scband.supercollider.processes import ChildProcess

BLOCK = 64
"""Samples a control block."""

Argument = int | float | str | bytes
"""What an OSC message may carry here."""


def message(address: str, *arguments: Argument) -> bytes:
    """Encode one OSC message (OSC 1.0: int32, float32, string and blob)."""
    tags, data = ",", b""
    for argument in arguments:
        if isinstance(argument, bool | int):
            tags, data = tags + "i", data + struct.pack(">i", argument)
        elif isinstance(argument, float):
            tags, data = tags + "f", data + struct.pack(">f", argument)
        elif isinstance(argument, str):
            tags, data = tags + "s", data + _string(argument)
        else:
            padded = argument + b"\0" * (-len(argument) % 4)
            tags, data = tags + "b", data + struct.pack(">i", len(argument)) + padded
    return _string(address) + _string(tags) + data


def bundle(seconds: float, messages: Iterable[bytes]) -> bytes:
    """Encode messages as one OSC bundle; its time tag counts from 0, not from 1900."""
    head = b"#bundle\0" + struct.pack(">Q", round(seconds * 2**32))
    return head + b"".join(struct.pack(">i", len(each)) + each for each in messages)


def _string(text: str) -> bytes:
    raw = text.encode() + b"\0"
    return raw + b"\0" * (-len(raw) % 4)


@dataclass(slots=True)
class OscScore:
    """Server commands, each at a time in seconds, in the order that they were added."""

    commands: list[tuple[float, bytes]] = field(default_factory=list)

    def add(self, seconds: float, address: str, *arguments: Argument) -> None:
        """Add one command; those of the same time run in the order that they were added."""
        self.commands.append((seconds, message(address, *arguments)))

    def encode(self, seconds: float) -> bytes:
        """Return the file's bytes for a render of `seconds`; what comes later is left out."""
        within = (command for command in self.commands if command[0] < seconds)
        ordered = sorted(within, key=lambda command: command[0])
        together: list[tuple[float, list[bytes]]] = []
        for when, command in ordered:
            if not together or together[-1][0] != when:
                together.append((when, []))
            together[-1][1].append(command)
        together.append((seconds, [message("/c_set", 0, 0)]))
        packets = [bundle(when, messages) for when, messages in together]
        return b"".join(struct.pack(">i", len(packet)) + packet for packet in packets)


@dataclass(frozen=True, slots=True)
class OfflineServer:
    """How a score is rendered.

    `program` is "supernova" or "scsynth" ("" takes supernova, else scsynth); `threads` above 1
    makes supernova sum in another order each time, so that renders differ in their last bits.
    """

    program: str = ""
    sample_rate: int = 48_000
    channels: int = 2
    threads: int = 1
    memory_kilobytes: int = 262_144

    def executable(self) -> tuple[str, Path]:
        """Return the program's name and path; NotInstalledError where there is none."""
        wanted = [self.program] if self.program else ["supernova", "scsynth"]
        for name in wanted:
            if found := programs.look_for(name):
                return name, found
        return wanted[-1], programs.find(wanted[-1])

    def command(self, score: Path, output: Path) -> list[str]:
        """Return the command line that renders `score` to a 32-bit float WAV at `output`."""
        name, path = self.executable()
        line = [
            str(path), "-N", str(score), "_", str(output), str(self.sample_rate), "WAV", "float",
            "-i", "0", "-o", str(self.channels), "-a", "1024", "-n", "8192", "-d", "2048",
            "-m", str(self.memory_kilobytes), "-w", "1024", "-z", str(BLOCK),
        ]  # fmt: skip
        return [*line, "-T", str(self.threads)] if name == "supernova" else line

    def delay(self) -> int:
        """Return how many samples later than its time a command at a time above 0 is heard.

        supernova plays it one block late, though not what stands at time 0: leave that time to
        definitions and mixers, and begin notes a block later.
        """
        return BLOCK if self.executable()[0] == "supernova" else 0

    def run(
        self,
        score: Path,
        output: Path,
        *,
        timeout: float,
        cancelled: threading.Event | None = None,
    ) -> str:
        """Render, and return what the server printed.

        Raises OfflineRenderError when the server fails, complains of a command, runs longer than
        `timeout` seconds, or `cancelled` is set; the server is ended before that.
        """
        name, path = self.executable()
        printed: list[str] = []
        child = ChildProcess(path.name, self.command(score, output), on_line=printed.append)
        child.start()
        try:
            why = _wait(child, timeout, cancelled)
        finally:
            child.stop()
        if why:
            raise OfflineRenderError(f"{why}; {name} was ended")
        if child.returncode or not output.exists():
            raise OfflineRenderError(f"{name} ended with {child.returncode}\n{child.last_words()}")
        for line in printed:
            if _is_complaint(line):
                raise OfflineRenderError(f"{name} refused part of the score: {line.strip()}")
        return "\n".join(printed) + "\n"


_COMPLAINTS = ("FAILURE", "ERROR", "xception", "Cannot create synth", "not found")


def _is_complaint(line: str) -> bool:
    # A gate that closes after a note has freed itself is no fault.
    return any(word in line for word in _COMPLAINTS) and "node not found" not in line.lower()


def _wait(child: ChildProcess, timeout: float, cancelled: threading.Event | None) -> str:
    """Wait for a child; return why it has to be ended, "" when it ended by itself."""
    deadline = time.monotonic() + timeout
    while not child.exited.wait(0.02):
        if cancelled is not None and cancelled.is_set():
            return "the render was cancelled"
        if time.monotonic() > deadline:
            return f"the render was not done in {timeout:g} s"
    return ""
