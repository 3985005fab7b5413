"""The ids by which Talend clients know things, and the numbers behind them."""

from typing import TypeAlias

from litestar.di import NamedDependency, Provide
from litestar.params import SkipValidation

from ostinato.api.dependencies import TheApp
from ostinato.app import installation
from ostinato.core import guids, object_ids
from ostinato.core.errors import Invalid, NotFound, Problem
from ostinato.core.object_ids import Kind

WORDS: dict[Kind, str] = {
    Kind.ENVIRONMENT: "Environment",
    Kind.WORKSPACE: "Workspace",
    Kind.ARTIFACT: "Artifact",
    Kind.TYPE: "Artifact",
    Kind.CONNECTION: "Connection",
    Kind.RESOURCE: "Resource",
    Kind.TASK: "Task",
    Kind.PROMOTION: "Promotion",
    Kind.PROJECT: "Project",
    Kind.GROUP: "Group",
    Kind.SCHEDULE: "Schedule",
}
LONGEST_ECHO = 60


class Ids:
    """The ids of one installation: 24 hexadecimal digits, and UUIDs for plans and users (Talend, "Ids")."""

    def __init__(self, installation: int) -> None:
        self._installation = installation

    def of(self, kind: Kind, number: int) -> str:
        return object_ids.make(self._installation, kind, number)

    def number(self, kind: Kind, sent: str, field: str = "") -> int:
        """The number in an id. Raises Invalid if it has not the form of one; an id of something else is NotFound.

        `field`: where in the body or the query it was sent; an id that leads nowhere is then Invalid as well.
        """
        if not object_ids.is_id(sent):
            raise Invalid(Problem(path=field, message=f"{WORDS[kind]} ID is not valid id."))
        number = object_ids.number_of(sent, self._installation, kind)
        if number is None:
            raise missing(kind, sent, field)
        return number

    def task(self, number: int) -> str:
        return self.of(Kind.TASK, number)

    def task_number(self, sent: str, field: str = "") -> int:
        return self.number(Kind.TASK, sent, field)

    def plan(self, number: int) -> str:
        return str(guids.make(self._installation, guids.Kind.PLAN, number))

    def step(self, plan: int, name: str, *, handler: bool = False) -> str:
        return str(guids.of_step(self._installation, plan, name, handler=handler))

    def plan_number(self, sent: str, field: str = "") -> int:
        """The same of a plan."""
        guid = guids.parse(sent)
        if guid is None:
            raise Invalid(Problem(path=field, message="Plan ID is not valid id."))
        number = guids.number_of(guid, self._installation, guids.Kind.PLAN)
        if number is None:
            if field:
                raise Invalid(Problem(path=field, message=f"there is no plan {sent!r}, or you may not see it"))
            raise NotFound("Plan", sent)
        return number

    def user(self, number: int) -> str:
        return str(guids.make(self._installation, guids.Kind.USER, number))

    def whom(self, sent: str) -> int | str:
        """A user by id, which is a number, or by name."""
        guid = guids.parse(sent)
        number = guids.number_of(guid, self._installation, guids.Kind.USER) if guid is not None else None
        return sent if number is None else number

    def group(self, sent: str) -> int | str:
        """A group by id, which is a number, or by name."""
        number = object_ids.number_of(sent, self._installation, Kind.GROUP)
        return sent if number is None else number


def missing(kind: Kind, sent: str, field: str = "") -> Invalid | NotFound:
    """What to raise for an id that leads nowhere, or to what may not be seen."""
    if field:
        word = WORDS[kind].lower()
        return Invalid(
            Problem(path=field, message=f"there is no {word} {sent[:LONGEST_ECHO]!r}, or you may not see it")
        )
    return NotFound(WORDS[kind], sent)


TheIds: TypeAlias = NamedDependency[SkipValidation[Ids]]


async def _ids(app: TheApp) -> Ids:
    return Ids(await installation.number(app))


SHARED = {"ids": Provide(_ids)}
