"""Runs in the process of a Python artifact: calls its function, and tells what came of it.

Usage: python -P -B -u bootstrap.py ORDER RESULT, two descriptors of files. It knows nothing of the rest of the product.
"""

import importlib
import json
import os
import sys
import traceback
from typing import Any

LARGEST_RESULT = 1_000_000
LONGEST_ERROR = 5_000


def main() -> int:
    """0: the function came back; 1: it did not."""
    order, result = int(sys.argv[1]), int(sys.argv[2])
    os.set_inheritable(result, False)
    with os.fdopen(order, "rb") as file:
        work = json.load(file)
    sys.argv = [work["entry_point"]]
    sys.path.insert(0, work["folder"])
    try:
        told = _told(_call(work))
    except Exception as error:
        frames = error.__traceback__
        while frames is not None and frames.tb_frame.f_code.co_filename in (__file__, importlib.__file__):
            frames = frames.tb_next
        traceback.print_exception(type(error), error, frames)
        _tell(result, {"error": f"{type(error).__name__}: {error}"[:LONGEST_ERROR]})
        return 1
    _tell(result, told)
    return 0


def _call(work: dict[str, Any]) -> Any:
    module, _, name = work["entry_point"].partition(":")
    return getattr(importlib.import_module(module), name)(**work["parameters"])


def _told(returned: Any) -> dict[str, Any]:
    """What is passed on of what a function returned; raises TypeError or ValueError if that cannot be."""
    if returned is None:
        return {}
    if not isinstance(returned, dict):
        raise TypeError(f"the function returned {type(returned).__name__}: return nothing, or a dict")
    told = {name: returned[name] for name in ("rows", "counts", "message") if returned.get(name) is not None}
    rows, counts, message = told.get("rows"), told.get("counts", {}), told.get("message", "")
    if rows is not None and not _is_count(rows):
        raise TypeError("the function returned 'rows' that are no whole number")
    if not isinstance(counts, dict) or not all(isinstance(n, str) and _is_count(c) for n, c in counts.items()):
        raise TypeError("the function returned 'counts' that are no names with whole numbers")
    if not isinstance(message, str):
        raise TypeError("the function returned a 'message' that is no text")
    told["message"] = message[:LONGEST_ERROR]
    if len(json.dumps(told)) > LARGEST_RESULT:
        raise ValueError(f"the function returned more than {LARGEST_RESULT:,} bytes")
    return told


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _tell(result: int, told: dict[str, Any]) -> None:
    os.write(result, json.dumps(told).encode())


if __name__ == "__main__":
    sys.exit(main())
