"""Tries a connection in a process of its own, which alone has its secrets: an `OpenOrder` comes in as MessagePack on
standard input, an `Opened` goes out as JSON on standard output.

Usage: python -m ostinato.worker.probe
"""

import sys
import time

import msgspec

from ostinato import plugins
from ostinato.core.contracts import ConnectionFailed, Opened, OpenOrder
from ostinato.core.redaction import Redactor


def main() -> int:
    order = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=OpenOrder)
    begun = time.monotonic()
    problem = _problem(order)
    opened = Opened(
        ok=problem is None,
        message="" if problem is None else Redactor(order.secrets).redact(problem),
        seconds=round(time.monotonic() - begun, 3),
    )
    sys.stdout.buffer.write(msgspec.json.encode(opened))
    return 0


def _problem(order: OpenOrder) -> str | None:
    """Why it cannot be opened; None: it can."""
    try:
        kind = plugins.connection_type(order.type)
    except KeyError:
        return f"the connection type {order.type!r} is not installed on this server: install its plug-in"
    try:
        config = msgspec.convert(order.config, kind.Config, strict=False)
    except msgspec.ValidationError as error:
        return f"the config cannot be used: {error}"
    try:
        kind.open(config).close()
    except ConnectionFailed as error:
        return str(error)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


if __name__ == "__main__":
    sys.exit(main())
