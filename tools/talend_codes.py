"""Writes docs/reference/talend-codes.md: which test reaches which documented answer of the Talend API.

python -m tools.talend_codes runs the tests of tests/api/talend, which takes minutes.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from tests.api.documented import reached

from ostinato.api.documents import document
from ostinato.api.talend.routes import TALEND

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "reference" / "talend-codes.md"
TESTS = "tests/api/talend"
OF_THE_TABLE = ("test_every_documented_code_is_in_the_table_of_codes", "test_every_test_in_the_table_of_codes_exists")
"""Tests that look at what is written here."""
OF_ALL = (f"{TESTS}/test_codes.py", f"{TESTS}/test_aliases.py")
"""Tests that ask many operations the same."""
OF_THE_WALL = ("429", "503")
"""They are the same for every operation of every dialect, and tested once for all."""
ROW = re.compile(r"\| `(?P<operation>\w+)` \| (?P<status>\d{3}) \| `(?P<test>[^`]+)` \|")
BEGIN = f"""# The codes of the Talend Cloud API

Which test reaches which answer that the published document (`/swagger/talend.json`) lists, made by `make codes`. A test
holds the document against this table. {" and ".join(OF_THE_WALL)} come from the wall before all operations;
they are tested there.

| operation | code | a test that reaches it |
|---|---|---|
"""


class Row(NamedTuple):
    operation: str
    status: str
    test: str


def documented(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every operation with every status of its own."""
    for item in told["paths"].values():
        for operation in item.values():
            for status in sorted(set(operation["responses"]).difference(OF_THE_WALL)):
                yield operation["operationId"], status


def rows(page: str) -> Iterator[Row]:
    for found in ROW.finditer(page):
        yield Row(**found.groupdict())


def page(told: Mapping[str, Any]) -> str:
    """Of what the tests of this process reached; raises KeyError for what none did."""
    lines = [f"| `{name}` | {status} | `{_told(reached[name, status])}` |" for name, status in documented(told)]
    return BEGIN + "\n".join(lines) + "\n"


def _told(tests: set[str]) -> str:
    """The one to name: rather one about the operation than one that asks all of them."""
    return min(tests, key=lambda test: (test.startswith(OF_ALL), test))


def main() -> int:
    left_out = [f"--deselect={TESTS}/test_codes.py::{name}" for name in OF_THE_TABLE]
    # This module has imported what pytest looks at as well; that its assertions are not rewritten does not matter here.
    if failed := pytest.main([TESTS, "-n", "0", "-W", "ignore::pytest.PytestAssertRewriteWarning", *left_out]):
        return int(failed)
    told = msgspec.json.decode(document(TALEND, "", "", bearer=True))
    if missing := [pair for pair in documented(told) if pair not in reached]:
        sys.stderr.write("No test reaches:\n" + "".join(f"{name} {status}\n" for name, status in missing))
        return 1
    PAGE.write_text(page(told), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
