"""The status file that the workstation's people read: JSON, replaced whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from scband.errors import FolderNotWritableError


@dataclass(frozen=True, slots=True)
class Status:
    """What the status file says; the names are its keys."""

    instance: str
    phase: str
    current_task: str
    completed_tasks: Sequence[str]
    api_endpoints_ready: Sequence[str]
    ai_models: Sequence[str]
    dawg_core_connected: bool
    next_steps: Sequence[str]

    def to_json(self, when: datetime | None = None) -> str:
        """Write it as JSON with `last_update`, the time in UTC (ISO 8601)."""
        moment = (when or datetime.now(UTC)).isoformat(timespec="seconds").replace("+00:00", "Z")
        facts = asdict(self)
        ordered = {"instance": facts.pop("instance"), "last_update": moment, **facts}
        return json.dumps(ordered, indent=2, ensure_ascii=False) + "\n"


def write_status(path: Path, status: Status) -> None:
    """Replace the file at once; raises FolderNotWritableError."""
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, prefix=f".{path.name}.", delete=False, encoding="utf-8"
        ) as file:
            temporary = file.name
            file.write(status.to_json())
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise FolderNotWritableError(
            f"the status file {path} cannot be written: {error.strerror}; see status_file"
        ) from None
