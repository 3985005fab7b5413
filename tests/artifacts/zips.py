"""Zips for tests, good ones and bad ones."""

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

HELLO = """
def greet(who, times):
    for number in range(times):
        print(number + 1, "hello", who)
    return {"rows": times}
"""
PARAMETERS = [
    {"name": "who", "default": "world", "comment": "Who is greeted."},
    {"name": "times", "type": "integer", "required": True},
]


def zipped(files: Mapping[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as packed:
        for name, text in files.items():
            packed.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), text, method)
    return content.getvalue()


def python(source: str = HELLO, parameters: Any = PARAMETERS, **manifest: Any) -> bytes:
    """A Python artifact with the function `greet`."""
    said = {"kind": "python", "entry_point": "hello:greet", "parameters": parameters, **manifest}
    return zipped({"artifact.yaml": json.dumps(said), "hello.py": source})


INFO = "# made by Studio\njob=Load_Customers\njobVersion=0.3\ncontextName=Default\nproject=SALES\njobType=Standard\n"
CONTEXT = "#this is context properties\nurl=http\\://x.test/\\u00e9\nbatch=100\npassword=\n"


def talend(prefix: str = "", launcher: str = 'echo "$@"\n', **more: str) -> bytes:
    """A job as Talend Studio builds it."""
    return zipped(
        {
            f"{prefix}jobInfo.properties": INFO,
            f"{prefix}lib/routines.jar": "jar",
            f"{prefix}Load_Customers/Load_Customers_run.sh": launcher,
            f"{prefix}Load_Customers/sales/other_0_1/contexts/Default.properties": "wrong=1\n",
            f"{prefix}Load_Customers/sales/load_customers_0_3/contexts/Default.properties": CONTEXT,
            **more,
        }
    )
