"""HTTP Basic, where clients say with it who they are and prove it with a secret (RFC 7617)."""

import base64
import binascii

BASIC = "basic "


def is_basic(header: str) -> bool:
    return header[: len(BASIC)].lower() == BASIC


def read_basic(header: str) -> tuple[str, str]:
    """The name and the secret; raises ValueError."""
    try:
        decoded = base64.b64decode(header[len(BASIC) :].strip(), validate=True).decode("utf-8")
    except binascii.Error as error:
        raise ValueError(str(error)) from error
    name, _, secret = decoded.partition(":")
    return name, secret
