"""Encrypts the secrets of connections: AES-256-GCM, bound to the place they belong to, the key outside the database.

A key file holds one key per line, `ID:BASE64`, the newest last. New secrets are encrypted with the newest; older keys
stay in the file for as long as something is encrypted with them.
"""

import base64
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ostinato.core.errors import Conflict

NONCE_BYTES = 12


class Keyring:
    def __init__(self, keys: dict[str, bytes]) -> None:
        """`keys` by id, the newest last, 32 bytes each."""
        self._keys = keys
        self._newest = next(reversed(keys))

    def encrypt(self, text: str, *place: object) -> str:
        """Encrypt for one place (workspace, connection, field): elsewhere it cannot be decrypted."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = AESGCM(self._keys[self._newest]).encrypt(nonce, text.encode(), _place(place))
        return f"{self._newest}:{base64.b64encode(nonce + sealed).decode()}"

    def decrypt(self, sealed: str, *place: object) -> str:
        """Undo `encrypt`; raises Conflict if the key is not in the file or the text belongs to another place."""
        key, _, body = sealed.partition(":")
        if key not in self._keys:
            raise Conflict(f"A secret is encrypted with key {key!r}, which is not in the key file: add that key")
        try:
            raw = base64.b64decode(body)
            return AESGCM(self._keys[key]).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _place(place)).decode()
        except (InvalidTag, ValueError) as error:
            raise Conflict(
                "A secret cannot be decrypted: it was changed, or it belongs to another connection"
            ) from error


def open_keyring(file: Path) -> Keyring:
    """Read the key file; make one with a new key, readable by us alone, if there is none."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        line = f"{secrets.token_hex(4)}:{base64.b64encode(os.urandom(32)).decode()}\n"
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(line)
    keys = {}
    for number, line in enumerate(file.read_text().splitlines(), start=1):
        key, _, body = line.strip().partition(":")
        if not key:
            continue
        try:
            keys[key] = base64.b64decode(body, validate=True)
        except ValueError:
            keys[key] = b""
        if len(keys[key]) != 32:
            raise Conflict(f"{file}, line {number}: write ID:KEY, the key being 32 bytes in base64")
    if not keys:
        raise Conflict(f"{file} holds no key: restore it, or remove it if no connection has secrets yet")
    return Keyring(keys)


def _place(place: tuple[object, ...]) -> bytes:
    return "\x1f".join(str(part) for part in place).encode()
