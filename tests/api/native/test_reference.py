"""The list of routes in docs/reference/native-api.md is generated: `python -m tests.api.native.test_reference`."""

from pathlib import Path

import msgspec

from ostinato.api.documents import document
from ostinato.api.native.routes import NATIVE

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "native-api.md"
BEGIN, END = "<!-- routes: generated -->\n", "<!-- routes: end -->\n"


def table() -> str:
    """Every operation, from the document the server publishes."""
    paths = msgspec.json.decode(document(NATIVE, "", ""))["paths"]
    rows = ["| request | what it does | answers |", "|---|---|---|"]
    for path, operations in paths.items():
        for method, operation in operations.items():
            statuses = " ".join(sorted(operation["responses"]))
            rows.append(f"| `{method.upper()} {path}` | {operation['summary']} | {statuses} |")
    return "\n".join(rows) + "\n"


def test_the_reference_lists_the_routes_as_they_are() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page.partition(BEGIN)[2].partition(END)[0] == table(), (
        "run `python -m tests.api.native.test_reference` and commit the page"
    )


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    PAGE.write_text(before + BEGIN + table() + END + rest.partition(END)[2], encoding="utf-8")
