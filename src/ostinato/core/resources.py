"""Resources: files, and folders that come as zips, of which the runs of tasks get copies."""

import re

MOST_BYTES = 100 * 1024**2
"""Of one resource."""
LONGEST_FILE_NAME = 200
"""In bytes: file systems take 255."""


def file_name(sent: str | None) -> str | None:
    """What a file may be called on our machines that was called something elsewhere; None: nothing usable is left."""
    last = re.split(r"[/\\]", sent or "")[-1]
    plain = re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]", "", last).strip()
    cut = plain.encode()[-LONGEST_FILE_NAME:].decode(errors="ignore")
    return cut if cut.strip(".") else None
