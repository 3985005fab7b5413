"""The parameters that several operations share, and what they are turned into before a route sees them."""

from dataclasses import dataclass
from typing import Annotated, TypeAlias
from zoneinfo import ZoneInfo

from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIResponse, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.params import HeaderParameter, JSONBody, PathParameter, QueryParameter, SkipValidation

from ostinato.api.timextender import translate, wire
from ostinato.api.timextender.errors import UnknownTaskType
from ostinato.store.tasks import TaskKey
from ostinato.store.workspaces import Page, Place

Zone: TypeAlias = NamedDependency[SkipValidation[ZoneInfo]]
ThePage: TypeAlias = NamedDependency[SkipValidation[Page]]
ThePlace: TypeAlias = NamedDependency[SkipValidation[Place]]
TheTask: TypeAlias = NamedDependency[SkipValidation[TaskKey]]
KnownType: TypeAlias = NamedDependency[SkipValidation[str]]

Workspace: TypeAlias = Annotated[str, PathParameter(description="Workspace key")]
WorkspaceOrAll: TypeAlias = Annotated[str, PathParameter(description="Workspace key, or `all` for all you may see")]
Uat: TypeAlias = Annotated[
    str | None,
    QueryParameter(description="Environment; Production if left out", schema_extra={"enum": wire.UAT}),
]
TaskType: TypeAlias = Annotated[str, PathParameter(description="Task type", schema_extra={"enum": wire.TASK_TYPES})]
TaskNumber: TypeAlias = Annotated[int, PathParameter(description="Task ID: unique within its taskType only")]
MapNumber: TypeAlias = Annotated[int, PathParameter(description="Process map ID")]
ExecutionNumber: TypeAlias = Annotated[int, PathParameter(description="Execution ID, from the execution history")]
Limit: TypeAlias = Annotated[int, QueryParameter(ge=1, le=wire.LONGEST_PAGE, description="Maximum items to return")]
Offset: TypeAlias = Annotated[int, QueryParameter(ge=0, le=wire.LARGEST_ID, description="Number of items to skip")]
Repetition: TypeAlias = Annotated[
    str | None,
    HeaderParameter(name="Idempotency-Key", description="The same key starts nothing a second time; not the vendor's"),
]
TriggerBody: TypeAlias = JSONBody[wire.Trigger]


@dataclass
class TriggersMap(Operation):
    """A trigger: the body may be left out, and the answer has none."""

    def __post_init__(self) -> None:
        _without_bodies(self)


@dataclass
class TriggersTask(Operation):
    """The same for a task."""

    def __post_init__(self) -> None:
        _without_bodies(self)
        _with_plain_text(self)


@dataclass
class AboutTask(Operation):
    """An unknown task type is told in plain text."""

    def __post_init__(self) -> None:
        _with_plain_text(self)


def _page(limit: Limit = wire.PAGE, offset: Offset = 0) -> Page:
    return Page(limit=limit, offset=offset)


def _history_page(limit: Limit = wire.HISTORY_PAGE, offset: Offset = 0) -> Page:
    return Page(limit=limit, offset=offset)


def _longest_page(limit: Limit = wire.LONGEST_PAGE, offset: Offset = 0) -> Page:
    return Page(limit=limit, offset=offset)


def _place(workspace: Workspace, uat: Uat = None) -> Place:
    return translate.place(workspace, uat)


def _place_or_all(workspace: WorkspaceOrAll, uat: Uat = None) -> Place:
    return translate.place_or_all(workspace, uat)


def _place_at_any_stage(workspace: Workspace, uat: Uat = None) -> Place:
    return translate.place_at_any_stage(workspace, uat)


def _task_type(taskType: TaskType) -> str:
    return translate.task_type(taskType)


def _task(known_type: KnownType, taskId: TaskNumber) -> TaskKey:
    """The type comes first: only with one that is known is the number looked at."""
    return TaskKey(known_type, translate.number(taskId))


def _zone(state: State) -> ZoneInfo:
    zone: ZoneInfo = state.zone
    return zone


def _without_bodies(operation: Operation) -> None:
    if isinstance(operation.request_body, RequestBody):
        operation.request_body.required = False
    accepted = (operation.responses or {})["202"]
    if isinstance(accepted, OpenAPIResponse):
        accepted.content = None


def _with_plain_text(operation: Operation) -> None:
    refused = (operation.responses or {})["400"]
    if isinstance(refused, OpenAPIResponse):
        text = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING), example=str(UnknownTaskType("Pkg")))
        refused.content = {**(refused.content or {}), "text/plain": text}


SHARED = {
    "zone": Provide(_zone, sync_to_thread=False),
    "page": Provide(_page, sync_to_thread=False),
    "place": Provide(_place, sync_to_thread=False),
    "known_type": Provide(_task_type, sync_to_thread=False),
    "key": Provide(_task, sync_to_thread=False),
}
HISTORY_PAGE = {"page": Provide(_history_page, sync_to_thread=False)}
LONGEST_PAGE = {"page": Provide(_longest_page, sync_to_thread=False)}
"""For lists whose document knows no pages: they are complete unless somebody asks for less."""
PLACE_OR_ALL = {"place": Provide(_place_or_all, sync_to_thread=False)}
PLACE_AT_ANY_STAGE = {"place": Provide(_place_at_any_stage, sync_to_thread=False)}
"""An execution is known by its own number, and its log asks for no environment."""
