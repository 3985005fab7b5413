"""Secrets are sealed to their place by a key outside the database."""

import base64
from pathlib import Path

import pytest

from ostinato.app.keyring import Keyring, open_keyring
from ostinato.core.errors import Conflict


def test_a_secret_opens_only_in_its_own_place() -> None:
    ring = Keyring({"a": bytes(32)})
    sealed = ring.encrypt("s3cret", 1, "warehouse", "password")
    assert "s3cret" not in sealed
    assert ring.decrypt(sealed, 1, "warehouse", "password") == "s3cret"
    with pytest.raises(Conflict, match="belongs to another connection"):
        ring.decrypt(sealed, 2, "warehouse", "password")


@pytest.mark.parametrize("sealed", ["a:not base64", "a:", "a:AAAA", "nothing"])
def test_what_is_no_ciphertext_is_refused_in_words(sealed: str) -> None:
    with pytest.raises(Conflict, match=r"cannot be decrypted|not in the key file"):
        Keyring({"a": bytes(32)}).decrypt(sealed, 1)


def test_the_same_secret_looks_different_every_time() -> None:
    ring = Keyring({"a": bytes(32)})
    assert ring.encrypt("s3cret", 1) != ring.encrypt("s3cret", 1)


def test_old_keys_still_open_and_the_newest_seals() -> None:
    old = Keyring({"old": bytes(32)})
    both = Keyring({"old": bytes(32), "new": bytes(range(32))})
    assert both.decrypt(old.encrypt("x", 1), 1) == "x"
    assert both.encrypt("x", 1).startswith("new:")
    with pytest.raises(Conflict, match="key 'new', which is not in the key file"):
        old.decrypt(both.encrypt("x", 1), 1)


def test_the_key_file_is_made_once_and_for_us_alone(tmp_path: Path) -> None:
    file = tmp_path / "home" / "secret.key"
    sealed = open_keyring(file).encrypt("x", 1)
    assert file.stat().st_mode & 0o777 == 0o600
    assert open_keyring(file).decrypt(sealed, 1) == "x"


@pytest.mark.parametrize("text", ["", "no key here", f"a:{base64.b64encode(b'short').decode()}"])
def test_an_unusable_key_file_is_refused_with_what_to_do(tmp_path: Path, text: str) -> None:
    file = tmp_path / "secret.key"
    file.write_text(text)
    with pytest.raises(Conflict, match=r"holds no key|write ID:KEY"):
        open_keyring(file)
