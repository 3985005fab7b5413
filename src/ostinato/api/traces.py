"""The name of a request: the caller's trace if it sent a valid one (W3C Trace Context), and a span of our own."""

import re
import secrets

TRACEPARENT = re.compile(rb"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")


def trace_id(traceparent: bytes | None) -> str:
    """`00-TRACE-SPAN-00` with a new span, in the caller's trace where there is one."""
    found = TRACEPARENT.fullmatch(traceparent) if traceparent else None
    known = found and found[1].strip(b"0") and found[2].strip(b"0")
    made = secrets.token_hex(24)
    trace = found[1].decode() if found and known else made[16:]
    return f"00-{trace}-{made[:16]}-00"
