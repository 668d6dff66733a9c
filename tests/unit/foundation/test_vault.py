"""Secrets at rest: opened by their own key only, and never shown."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from foundation.vault import KeyMissing, Sealed, Vault, WrongKey

SECRET = "canari-é-4f1d"


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.create(tmp_path / "vault.key")


def test_what_is_sealed_opens_with_the_same_key(vault: Vault, tmp_path: Path) -> None:
    assert Vault.read(tmp_path / "vault.key").open(vault.seal(SECRET)) == SECRET


def test_another_key_opens_nothing(vault: Vault, tmp_path: Path) -> None:
    with pytest.raises(WrongKey):
        Vault.create(tmp_path / "other.key").open(vault.seal(SECRET))


def test_a_token_that_was_altered_does_not_open(vault: Vault) -> None:
    token = bytearray(vault.seal(SECRET).token)
    token[20] ^= 1
    with pytest.raises(WrongKey):
        vault.open(Sealed(bytes(token)))


def test_a_new_key_seals_and_the_old_one_still_opens(vault: Vault, tmp_path: Path) -> None:
    old, new = tmp_path / "vault.key", tmp_path / "new.key"
    before = vault.seal(SECRET)
    new.write_bytes(Fernet.generate_key() + b"\n" + old.read_bytes())
    rotated = Vault.read(new)
    assert rotated.open(before) == SECRET
    after = rotated.seal(SECRET)
    with pytest.raises(WrongKey):
        vault.open(after)
    assert rotated.fingerprint(SECRET) == vault.fingerprint(SECRET)


def test_only_the_owner_may_read_the_key(vault: Vault, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "vault.key").stat().st_mode) == 0o600


def test_a_key_is_never_replaced(vault: Vault, tmp_path: Path) -> None:
    with pytest.raises(FileExistsError):
        Vault.create(tmp_path / "vault.key")
    assert Vault.read(tmp_path / "vault.key").open(vault.seal(SECRET)) == SECRET


@pytest.mark.parametrize("content", [None, b"", b"\n\n", b"not a key\n", b"\xff" * 44])
def test_a_missing_or_false_key_says_which_file_is_meant(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "vault.key"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(KeyMissing) as refused:
        Vault.read(path)
    assert str(path) in refused.value.sentence("fr")


def test_nothing_shows_through_a_representation(vault: Vault, tmp_path: Path) -> None:
    sealed = vault.seal(SECRET)
    key = (tmp_path / "vault.key").read_text().strip()
    for shown in (repr(sealed), str(sealed), f"{sealed}", repr([sealed]), repr(vault), str(vault)):
        assert SECRET not in shown
        assert sealed.token.decode() not in shown
        assert key not in shown


def test_equal_secrets_look_equal_and_others_do_not(vault: Vault, tmp_path: Path) -> None:
    assert vault.fingerprint(SECRET) == vault.fingerprint(SECRET)
    assert len({vault.fingerprint(f"{SECRET}{rank}") for rank in range(20)}) > 1
    stranger = Vault.create(tmp_path / "other.key")
    assert [stranger.fingerprint(str(n)) for n in range(8)] != [vault.fingerprint(str(n)) for n in range(8)]
    assert SECRET not in vault.fingerprint(SECRET)


def test_one_secret_sealed_twice_does_not_look_equal(vault: Vault) -> None:
    assert vault.seal(SECRET) != vault.seal(SECRET)
