"""The service's signing key, the plugins' secrets, and the bearer tokens made with them.

A token is a JWT (RFC 7519): HS256 and no other algorithm, with `exp`, `iat`, `aud`, `iss`, `sub`
and `role` required. The key is 32 random bytes, made at the first start, in a file that only its
owner can read.
"""

from __future__ import annotations

import enum
import hashlib
import hmac
import json
import logging
import os
import secrets
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import platformdirs

from scband.api.limits import Limiter
from scband.errors import KeyFileError, UnauthorizedError
from scband.settings import Settings

ALGORITHM = "HS256"
AUDIENCE = "scband"
ISSUER = "scband"
_KEY_BYTES = 32
_SALT_BYTES = 16
_GUESSES_A_SECOND = 0.2
_GUESS_BURST_SECONDS = 50.0
_SCRYPT = {"n": 2**13, "r": 8, "p": 1, "dklen": 32}  # 8 MiB, some 20 ms
_HASHING = threading.Semaphore(2)  # many plugins at once shall not take the memory
_LOG = logging.getLogger("scband.api")


class Role(enum.Enum):
    """What a token lets its bearer do."""

    PLUGIN = "plugin"  # everything for itself
    OPERATOR = "operator"  # see and steer every plugin
    PAGE = "page"  # the live page: look, and nothing else


class Keyring:
    """Signs and reads tokens, and knows each plugin's secret by a salted hash.

    Raises KeyFileError where the folder cannot be used, or another user can read the key.
    """

    def __init__(self, folder: Path, token_seconds: float = 86400.0) -> None:
        self.folder = folder
        self.token_seconds = token_seconds
        self._key = _key_in(folder)
        self._lock = threading.Lock()
        self._known: dict[str, str] = _secrets_in(folder / "plugins.json")
        self._seen: dict[str, bytes] = {}
        self._memory_key = secrets.token_bytes(_KEY_BYTES)
        self._writer = ThreadPoolExecutor(1, "scband-secrets")
        self._guesses = Limiter({"guess": _GUESSES_A_SECOND}, _GUESS_BURST_SECONDS)

    def issue(self, name: str, role: Role = Role.PLUGIN) -> str:
        """Return a signed token for a plugin, an operator or the page."""
        import jwt  # noqa: PLC0415  # `scband token` pays for it, not every start

        now = int(time.time())
        claims = {
            "sub": name,
            "role": role.value,
            "iat": now,
            "exp": now + max(1, round(self.token_seconds)),
            "aud": AUDIENCE,
            "iss": ISSUER,
        }
        return jwt.encode(claims, self._key, algorithm=ALGORITHM)

    def read(self, token: str) -> tuple[str, Role]:
        """Return whose token this is; raises UnauthorizedError where it is not good."""
        import jwt  # noqa: PLC0415

        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={"require": ["exp", "iat", "aud", "iss", "sub", "role"]},
            )
            return str(claims["sub"]), Role(claims["role"])
        except jwt.ExpiredSignatureError as error:
            raise UnauthorizedError("the bearer token is over; register again") from error
        except (jwt.InvalidTokenError, ValueError) as error:
            raise UnauthorizedError(
                "the bearer token is not good; register, or make one with `scband token`"
            ) from error

    def enrol(self, name: str, secret: str) -> None:
        """Remember a plugin's secret at its first use, and check it at every later one.

        The first use only waits for a fast hash with a key that never leaves the memory; the slow
        one (scrypt) is made and written in a thread. The first check after a start takes some
        20 ms: call it in a thread. Raises UnauthorizedError where the secret is not the one that
        the plugin came with first, and RateLimitedError where it is guessed at.
        """
        fast = hmac.digest(self._memory_key, f"{name}\0{secret}".encode(), "sha256")
        with self._lock:
            seen = self._seen.get(name)
            known = self._known.get(name)
            if seen is None and known is None:
                self._seen[name] = fast
                self._writer.submit(self._store, name, secret)
                return
        right = hmac.compare_digest(seen, fast) if seen else _fits(secret, known or "")
        with self._lock:
            if not right:
                self._guesses.take("guess", name)
                raise UnauthorizedError(f"the secret of the plugin {name!r} is not right")
            self._seen[name] = fast

    def close(self) -> None:
        """Wait until every secret is written."""
        self._writer.shutdown()

    def _store(self, name: str, secret: str) -> None:
        made = _salted(secret, secrets.token_bytes(_SALT_BYTES))
        path = self.folder / "plugins.json"
        try:  # another service of the same user may have written, too
            self._known = {**self._known, **_secrets_in(path), name: made}
            _write_private(path, json.dumps(self._known).encode())
        except KeyFileError as error:
            _LOG.error("the secret of %r is kept until the service ends only: %s", name, error)


def keyring_of(settings: Settings) -> Keyring:
    """Return the keyring of the user's service, its key made at the first call."""
    named = settings.state_folder
    folder = Path(named).expanduser() if named else Path(platformdirs.user_state_dir("scband"))
    return Keyring(folder, settings.token_hours * 3600)


def _salted(secret: str, salt: bytes) -> str:
    with _HASHING:
        made = hashlib.scrypt(secret.encode(), salt=salt, **_SCRYPT)
    return f"{salt.hex()}${made.hex()}"


def _fits(secret: str, known: str) -> bool:
    salt = bytes.fromhex(known.partition("$")[0])
    return hmac.compare_digest(_salted(secret, salt), known)


def _key_in(folder: Path) -> bytes:
    path = folder / "key"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            _create_private(path, secrets.token_bytes(_KEY_BYTES))
        _check_private(path)
        key = path.read_bytes()
    except OSError as error:
        raise KeyFileError(
            f"{path}: {error.strerror}; choose another folder with the setting state_folder"
        ) from error
    if len(key) != _KEY_BYTES:
        raise KeyFileError(f"{path} is no key of {_KEY_BYTES} bytes; remove it to have a new one")
    return key


def _check_private(path: Path) -> None:
    state = path.stat()
    if stat.S_IMODE(state.st_mode) & 0o077:
        raise KeyFileError(f"{path} can be read by others; run: chmod 600 {path}")
    if state.st_uid != os.geteuid():
        raise KeyFileError(f"{path} belongs to another user; remove it or choose a state_folder")


def _create_private(path: Path, content: bytes) -> None:
    """Write a new private file whole or not at all; another process may be the first."""
    new = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    _write_new(new, content)
    try:
        os.link(new, path)
    except FileExistsError:
        return
    finally:
        new.unlink()


def _write_private(path: Path, content: bytes) -> None:
    new = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        _write_new(new, content)
        new.replace(path)
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}; see the setting state_folder") from error


def _write_new(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _secrets_in(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    try:
        _check_private(path)
        read = json.loads(path.read_bytes())
        return {str(name): str(made) for name, made in read.items()}
    except (OSError, ValueError, AttributeError) as error:
        raise KeyFileError(f"{path} is no list of plugins' secrets; remove it: {error}") from error
