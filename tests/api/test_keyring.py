"""The service's key and the plugins' secrets, on disk and in memory."""

import json
import os
import stat
from pathlib import Path

import jwt
import pytest

from scband.api import keyring
from scband.api.keyring import Keyring, Role
from scband.errors import KeyFileError, RateLimitedError, UnauthorizedError


def test_the_key_is_32_random_bytes_that_only_the_owner_reads(tmp_path: Path) -> None:
    keys = set()
    for name in ("one", "other"):
        Keyring(tmp_path / name)
        path = tmp_path / name / "key"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert len(path.read_bytes()) == 32
        keys.add(path.read_bytes())
    assert len(keys) == 2


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    Keyring(tmp_path)
    (tmp_path / "key").chmod(0o640)
    with pytest.raises(KeyFileError, match="chmod 600"):
        Keyring(tmp_path)


def test_a_cut_key_is_refused(tmp_path: Path) -> None:
    Keyring(tmp_path)
    (tmp_path / "key").write_bytes(b"short")
    with pytest.raises(KeyFileError, match="32 bytes"):
        Keyring(tmp_path)


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KeyFileError, match="state_folder"):
        Keyring(tmp_path / "file")


def test_two_that_start_at_once_have_one_key(tmp_path: Path) -> None:
    first = Keyring(tmp_path).issue("a")
    assert Keyring(tmp_path).read(first) == ("a", Role.PLUGIN)
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_a_token_names_its_bearer_and_role_and_ends(tmp_path: Path) -> None:
    ring = Keyring(tmp_path, token_seconds=60)
    token = ring.issue("a plugin", Role.OPERATOR)
    assert ring.read(token) == ("a plugin", Role.OPERATOR)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 60
    assert jwt.get_unverified_header(token)["alg"] == "HS256"


def test_the_first_secret_counts_also_after_a_restart(tmp_path: Path) -> None:
    ring = Keyring(tmp_path)
    ring.enrol("plugin", "first")
    ring.enrol("plugin", "first")
    with pytest.raises(UnauthorizedError):
        ring.enrol("plugin", "second")
    ring.close()
    again = Keyring(tmp_path)
    with pytest.raises(UnauthorizedError):
        again.enrol("plugin", "second")
    again.enrol("plugin", "first")
    again.close()


def test_secrets_are_kept_salted_and_hashed(tmp_path: Path) -> None:
    ring = Keyring(tmp_path)
    for name in ("one", "other"):
        ring.enrol(name, "the same secret")
    ring.close()
    path = tmp_path / "plugins.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "the same secret" not in path.read_text()
    assert len(set(json.loads(path.read_text()).values())) == 2


def test_a_secret_cannot_be_guessed_at(tmp_path: Path) -> None:
    ring = Keyring(tmp_path)
    ring.enrol("plugin", "right")
    ring.enrol("neighbour", "right")
    for guess in range(10):
        with pytest.raises(UnauthorizedError):
            ring.enrol("plugin", f"guess {guess}")
    with pytest.raises(RateLimitedError) as limited:
        ring.enrol("plugin", "one more")
    assert limited.value.retry_after > 1
    ring.enrol("plugin", "right")  # who knows it is not locked out
    ring.enrol("neighbour", "right")
    ring.close()


def test_every_comparison_takes_constant_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = []
    plain = keyring.hmac.compare_digest

    def noted(left: str | bytes, right: str | bytes) -> bool:
        compared.append((left, right))
        return plain(left, right)  # type: ignore[type-var]

    ring = Keyring(tmp_path)
    ring.enrol("plugin", "secret")
    ring.close()
    again = Keyring(tmp_path)
    monkeypatch.setattr(keyring.hmac, "compare_digest", noted)
    again.enrol("plugin", "secret")  # by the slow hash
    again.enrol("plugin", "secret")  # by the fast one
    with pytest.raises(UnauthorizedError):
        again.enrol("plugin", "wrong")
    assert len(compared) == 3
    assert all(len(left) == len(right) for left, right in compared)
    again.close()


def test_secrets_of_two_services_of_one_user_are_both_kept(tmp_path: Path) -> None:
    one, other = Keyring(tmp_path), Keyring(tmp_path)
    one.enrol("a", "x")
    one.close()
    other.enrol("b", "y")
    other.close()
    third = Keyring(tmp_path)
    for name, secret in (("a", "x"), ("b", "y")):
        third.enrol(name, secret)
        with pytest.raises(UnauthorizedError):
            third.enrol(name, "z")
    third.close()


def test_a_key_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Keyring(tmp_path)
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(KeyFileError, match="another user"):
        Keyring(tmp_path)
