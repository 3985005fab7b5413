"""Writes the references of the command line and of the native API's routes: python -m tools.interfaces_reference"""

from pathlib import Path

import msgspec

from ostinato.api.documents import document
from ostinato.api.native.routes import NATIVE
from ostinato.cli.reference import command_reference

REFERENCE = Path(__file__).parent.parent / "docs" / "reference"
BEGIN, END = "<!-- routes: generated -->\n", "<!-- routes: end -->\n"


def route_table() -> str:
    """Every operation of the native API, from the document the server publishes."""
    paths = msgspec.json.decode(document(NATIVE, "", ""))["paths"]
    rows = ["| request | what it does | answers |", "|---|---|---|"]
    for path, operations in paths.items():
        for method, operation in operations.items():
            statuses = " ".join(sorted(operation["responses"]))
            rows.append(f"| `{method.upper()} {path}` | {operation['summary']} | {statuses} |")
    return "\n".join(rows) + "\n"


def main() -> None:
    page = REFERENCE / "native-api.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    page.write_text(before + BEGIN + route_table() + END + rest.partition(END)[2], encoding="utf-8")
    (REFERENCE / "cli.md").write_text(command_reference(), encoding="utf-8")


if __name__ == "__main__":
    main()
