"""Every name that definitions may refer to, and what to say of one that is not there."""

from collections.abc import Iterable

from ostinato.core.definition_parameters import MOST_ALLOWED
from ostinato.core.definition_values import suggestion
from ostinato.core.definitions import Collected, Kind, Known, Place

MOST_SUGGESTIONS = 50
"""Looking for similar names among thousands takes milliseconds each time."""


class Names:
    """Every name that may be referred to, whether it is in the files or stored."""

    def __init__(self, collected: Collected, known: Known) -> None:
        self._suggested = 0
        self._names: dict[tuple[Kind, Place], set[str]] = {key: set(names) for key, names in collected.broken.items()}
        for (environment, key), stored in known.workspaces.items():
            self._add(Kind.WORKSPACE, (environment, ""), [key])
            self._add(Kind.CONNECTION, (environment, key), stored.connections)
            self._add(Kind.TASK, (environment, key), stored.tasks)
            self._add(Kind.PLAN, (environment, key), stored.plans)
        for environment, pools in known.pools.items():
            self._add(Kind.POOL, (environment, ""), pools)
        for workspace in collected.workspaces:
            self._add(Kind.WORKSPACE, (workspace.environment, ""), [workspace.workspace])
        for kind, items in (
            (Kind.POOL, collected.pools),
            (Kind.CONNECTION, collected.connections),
            (Kind.TASK, collected.tasks),
            (Kind.PLAN, collected.plans),
        ):
            for item in items:
                self._add(kind, item.place, [item.definition.name])

    def has_workspace(self, place: Place) -> bool:
        return place[1] in self.of(Kind.WORKSPACE, (place[0], ""))

    def of(self, kind: Kind, place: Place) -> set[str]:
        return self._names.get((kind, place), set())

    def missing(self, kind: Kind, place: Place, name: str) -> tuple[str, list[str]] | None:
        """What to say of a reference that goes nowhere; None if it goes somewhere."""
        names = self.of(kind, place)
        if name in names:
            return None
        self._suggested += 1
        near = suggestion(name, names) if self._suggested <= MOST_SUGGESTIONS else ""
        where = f"workspace {place[1]!r}" if place[1] else f"environment {place[0]!r}"
        message = f"there is no {kind} {name!r} in {where}{near}"
        return message, sorted(names)[:MOST_ALLOWED]

    def _add(self, kind: Kind, place: Place, names: Iterable[str]) -> None:
        self._names.setdefault((kind, place), set()).update(names)
