"""Data triggers: what they wait for, in words, and rings in which they would start themselves for ever."""

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from typing import Literal, TypeAlias

import msgspec

from ostinato.core.plans import Ref

MOST_SOURCES = 100
UNSEEN = "something that you may not see"
NOBODY_KNOWS = "what you may not see"

Condition: TypeAlias = Literal["all", "any"]


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A source as somebody sees it: without a name it is hidden from them."""

    name: str | None = None
    workspace: str | None = None
    deleted: bool = False
    satisfied: bool = False

    def __str__(self) -> str:
        return f"{self.name!r} in workspace {self.workspace!r}{' (deleted)' if self.deleted else ''}"


def find_ring(leads_to: Mapping[Ref, Collection[Ref]], starts: Ref, sources: Collection[Ref]) -> list[Ref] | None:
    """The shortest way on which a start leads to the success of one of its own sources, and so to the next start: from
    what starts to itself. `leads_to`: what each thing runs inside of it, and what starts after it."""
    came_from: dict[Ref, Ref | None] = {starts: None}
    waiting = deque([starts])
    while waiting:
        here = waiting.popleft()
        if here in sources:
            return [*_way(came_from, here), starts]
        for following in leads_to.get(here, ()):
            if following not in came_from:
                came_from[following] = here
                waiting.append(following)
    return None


def ring_in_words(ring: Sequence[Ref], names: Mapping[Ref, str | None]) -> str:
    """Names as far as they may be seen."""
    said = [UNSEEN if (name := names.get(one)) is None else repr(name) for one in ring]
    if len(said) == 2:
        return f"{said[0]} would start itself for ever: name sources that it does not start"
    return f"it would start itself for ever: {' leads to '.join(said)}"


def fire_in_words(number: int) -> str:
    """`the 3rd time`: what a fire is known by."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"the {number}{ending} time"


def waits_for(condition: Condition, sources: Sequence[Source], *, active: bool, at_work: str | None) -> str:
    """What has to happen before it fires, as far as somebody may know. `at_work`: what it starts, if that is at work
    and must not overlap."""
    if not active:
        return "nothing: it is not active"
    if not sources:
        return "nothing: none of its sources is there any more, so it never fires"
    satisfied = [source for source in sources if source.satisfied]
    missing = [source for source in sources if source.name is not None and not source.satisfied]
    deleted = [source for source in missing if source.deleted]
    if deleted and (condition == "all" or len(deleted) == len(sources)):
        return f"nothing: {_joined(deleted, 'and')} cannot succeed any more, so it never fires"
    if (satisfied and condition == "any") or len(satisfied) == len(sources):
        return f"the end of {at_work!r}, which must not overlap" if at_work else "nothing: it fires in a moment"
    hidden = [NOBODY_KNOWS] if len(missing) + len(satisfied) < len(sources) else []
    word = "and" if condition == "all" else "or"
    return f"a success of {_joined([*missing, *hidden], word)}"


def _way(came_from: Mapping[Ref, Ref | None], end: Ref) -> list[Ref]:
    """From where the search began to its end."""
    way, before = [end], came_from[end]
    while before is not None:
        way.append(before)
        before = came_from[before]
    return way[::-1]


def _joined(things: Sequence[object], word: str) -> str:
    *first, last = map(str, things)
    return f"{', '.join(first)} {word} {last}" if first else last
