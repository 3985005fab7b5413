"""Writes docs/reference/states.md: the states of a run, reasons, holds, and what every event does in each state.

python -m tools.states_reference
"""

import ast
import inspect
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import groupby
from pathlib import Path

from ostinato.core import states
from ostinato.core.states import ENDED, TABLE, Event, Hold, Kind, Reason, State, effect

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "states.md"
BEGIN = """# States of a run

Made from `src/ostinato/core/states.py` by `make generate`. Every change of a state is one guarded UPDATE whose source
states are the ones from here, and `tests/scheduler/test_transitions.py` brings a run into every state and lets every
event happen to it there, alone and in a race with another one.
"""


def page() -> str:
    parts = [
        BEGIN,
        "## The states\n",
        *table(("state", "what it means"), ((f"`{name}`", text) for name, text in told(State))),
        "",
        "```mermaid",
        *diagram(),
        "```",
        "",
        "## What happens to a run\n",
        *table(("event", "what it is"), ((f"`{name}`", text) for name, text in told(Event))),
        "",
        "## What an event does in each state\n",
        "A state in capitals is the one the run gets. *Noted*: "
        f"{_lower(_words(Kind)[Kind.NOTED])} *Refused*: {_lower(_words(Kind)[Kind.REFUSED])}",
        f"An empty cell: {_lower(_words(Kind)[Kind.NOTHING])} Ended runs do not differ from one another.\n",
        *effects(),
        "",
        "## Why a run ended as it did\n",
        *table(("reason", "what it means"), ((f"`{name}`", text) for name, text in told(Reason))),
        "",
        "## What a queued run waits for\n",
        "A queued run that nothing holds is taken by the next free worker slot; a plan begins at once.\n",
        *table(("hold", "what it means"), ((f"`{name}`", text) for name, text in told(Hold))),
    ]
    return "\n".join(parts) + "\n"


def told(words: type[StrEnum]) -> Iterator[tuple[str, str]]:
    """The members of an enum, each with the text below it."""
    texts = _words(words)
    for member in words:
        yield member.value, texts[member.value]


def diagram() -> Iterator[str]:
    """The moves as a state diagram: one arrow for each pair of states, with the events that lead along it."""
    yield "stateDiagram-v2"
    yield f"    [*] --> {State.QUEUED}"
    yield f"    [*] --> {State.RUNNING}: a plan that nothing holds"
    yield f"    [*] --> {State.FAILED}: misfired"
    arrows = sorted(
        ((source, target, event) for (source, event), told in TABLE.items() for target in told.to),
        key=lambda arrow: (list(State).index(arrow[0]), list(State).index(arrow[1])),
    )
    for (source, target), group in groupby(arrows, key=lambda arrow: arrow[:2]):
        events = sorted((event for _, _, event in group), key=list(Event).index)
        yield f"    {source} --> {target}: {', '.join(events)}"
    for state in State:
        if state in ENDED:
            yield f"    {state} --> [*]"


def effects() -> Iterator[str]:
    """The table state x event, with ended states in one column: nothing distinguishes them."""
    live = [state for state in State if state not in ENDED]
    heads = ("event", *(f"`{state}`" for state in live), "ended")
    yield from table(
        heads,
        ((f"`{event}`", *(_cell(state, event) for state in live), _cell(State.SUCCEEDED, event)) for event in Event),
    )


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    heads = tuple(heads)
    yield f"| {' | '.join(heads)} |"
    yield f"|{' --- |' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def main() -> None:
    PAGE.write_text(page(), encoding="utf-8")


def _cell(state: State, event: Event) -> str:
    found = effect(state, event)
    if found.kind is Kind.NOTHING:
        return ""
    what = ", ".join(f"`{target}`" for target in State if target in found.to) or f"*{found.kind}*"
    return f"{what}: {found.words}" if found.words else what


def _words(words: type[StrEnum]) -> Mapping[str, str]:
    """What stands below each member of an enum. Python forgets these texts, so they are read from the source."""
    found = {}
    (enum,) = (
        node
        for node in ast.parse(inspect.getsource(states)).body
        if isinstance(node, ast.ClassDef) and node.name == words.__name__
    )
    for member, text in zip(enum.body, enum.body[1:], strict=False):
        if isinstance(member, ast.Assign) and isinstance(text, ast.Expr):
            found[ast.literal_eval(member.value)] = " ".join(ast.literal_eval(text.value).split())
    return found


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


if __name__ == "__main__":
    main()
