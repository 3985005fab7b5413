"""Errors of drivers become `ConnectionFailed` with the other system's own words, and never the password."""

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from ostinato.core.contracts import ConnectionFailed

HIDDEN = "***"


@contextmanager
def failures(*kinds: type[Exception], secret: str = "") -> Iterator[None]:
    """Within, exceptions of these kinds (and Arrow's) become `ConnectionFailed`.

    The original is not chained: its text, and what its frames hold, may contain the secret.
    """
    try:
        yield
    except ConnectionFailed:
        raise
    except (*kinds, pa.ArrowException) as error:
        raise ConnectionFailed(told(error, secret)) from None


def told(error: Exception, secret: str = "") -> str:
    text = str(error).strip() or type(error).__name__
    return text.replace(secret, HIDDEN) if secret else text
