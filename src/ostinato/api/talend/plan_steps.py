"""The steps of plans as Talend clients send and read them: as a list, and as a chart of steps inside one another."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Literal, TypeAlias

import msgspec

from ostinato.api.talend import pauses, wire
from ostinato.api.talend.ids import Ids
from ostinato.api.talend.run_config_wire import PauseDetails
from ostinato.api.talend.tasks_translate import ONE_VERSION, number_of_type
from ostinato.api.talend.tasks_wire import BaseArtifactVersion
from ostinato.core import plan_chains
from ostinato.core.errors import Invalid, Problem
from ostinato.core.ids import PlanId, TaskId
from ostinato.core.object_ids import Kind
from ostinato.core.plan_chains import Link
from ostinato.core.plans import Condition, Graph, Ref
from ostinato.core.plans import Step as GraphStep
from ostinato.store.single_plans import Part

Several: TypeAlias = Annotated[list[wire.Sent], msgspec.Meta(max_length=10_000)]
"""Ids."""
CONDITIONS = {
    "ALL_SUCCEEDED": Condition.ALL_SUCCEEDED,
    "AT_LEAST_ONE_SUCCEEDED": Condition.AT_LEAST_ONE_SUCCEEDED,
    "ALWAYS_PROCEED_ON": Condition.ALWAYS_PROCEED,
}
WORDS = {condition: word for word, condition in CONDITIONS.items()}
Status: TypeAlias = Literal["SUCCESS", "PARTIAL_SUCCESS", "FAIL", "PROCEED"]
STATUSES: dict[Condition, Status] = {
    Condition.ALL_SUCCEEDED: "SUCCESS",
    Condition.AT_LEAST_ONE_SUCCEEDED: "PARTIAL_SUCCESS",
    Condition.ALWAYS_PROCEED: "PROCEED",
}
MEMBERS = {"tasks": "taskIds", "plans": "planIds", "on_failure": "handlerOnFailure", "workspace": "workspaceId"}
"""The members of a request that are called otherwise in definitions."""


class StepErrorHandler(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True
):
    """What runs when a step did not succeed."""

    task_ids: Several | None = None
    plan_ids: Several | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True):
    """Tasks that run side by side, after those of the step before."""

    id: Annotated[
        wire.Sent | None,
        msgspec.Meta(description="Of a step that was there before, which is known by its name otherwise."),
    ] = None
    name: Annotated[wire.Name, msgspec.Meta(description="Unique within the plan.")]
    condition: Annotated[
        wire.Sent,
        msgspec.Meta(
            description="When the step counts as succeeded: ALL_SUCCEEDED, AT_LEAST_ONE_SUCCEEDED or ALWAYS_PROCEED_ON,"
            " in capital letters or small ones."
        ),
    ]
    task_ids: Several
    handler_on_failure: StepErrorHandler | None = None
    note: wire.Words | None = None


class Flow(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A task, or a plan, in a chart."""

    id: str
    name: str
    version: str
    description: str | None = None
    destination: Literal["CLOUD"]
    workspace_id: str
    abstract_plan_id: Annotated[str | None, msgspec.Meta(description="The id of a plan.")] = None
    plan: bool
    artifact: Annotated[BaseArtifactVersion | None, msgspec.Meta(description="Of a task.")] = None
    task_pause_details: PauseDetails
    pause_details: Annotated[PauseDetails, msgspec.Meta(description="The older name of taskPauseDetails.")]


class PlanStep(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A step of a chart, with the steps that come after it."""

    id: str
    step_id: Annotated[str, msgspec.Meta(description="The older name of id.")]
    abstract_step_id: Annotated[str, msgspec.Meta(description="The same as id.")]
    name: str
    step_name: Annotated[str, msgspec.Meta(description="The older name of name.")]
    status: Annotated[Status, msgspec.Meta(description="When it counts as succeeded; FAIL: it handles a failure.")]
    flows: list[Flow]
    task_ids: list[str]
    note: str | None = None
    step_note: Annotated[str | None, msgspec.Meta(description="The older name of note.")] = None
    step_on_exception: "PlanStep | None" = None
    next_step: "PlanStep | None" = None


def links(steps: Sequence[Step], ids: Ids) -> list[Link]:
    """Raises Invalid for ids and conditions that are none."""
    problems: list[Problem] = []
    found = [_link(number, step, ids, problems) for number, step in enumerate(steps)]
    if problems:
        raise Invalid(*problems)
    return found


@contextmanager
def by_their_names() -> Iterator[None]:
    """Problems name the members of the request, not those of a definition."""
    try:
        yield
    except Invalid as refusal:
        raise Invalid(*(msgspec.structs.replace(one, path=_theirs(one.path)) for one in refusal.problems)) from refusal


def steps(plan: PlanId, graph: Graph, ids: Ids) -> list[Step]:
    """The list. A graph that is more than a chain comes in an order in which its steps can run."""
    return [_step(plan, link, ids) for link in plan_chains.links(graph)]


def flows(parts: Mapping[Ref, Part], ids: Ids) -> dict[Ref, Flow]:
    """The tasks and plans that steps run, as charts have them."""
    return {ref: _flow(part, ids) for ref, part in parts.items()}


def chart(plan: PlanId, graph: Graph, flows: Mapping[Ref, Flow], ids: Ids) -> PlanStep | None:
    """The same as `steps`, with the tasks and plans themselves. What may not be seen is left out."""
    after: PlanStep | None = None
    for number in reversed(plan_chains.in_order(graph)[: plan_chains.LONGEST]):
        step = graph.steps[number]
        after = _plan_step(
            ids.step(plan, step.name),
            step.name,
            STATUSES[step.condition],
            _seen(step.runs, flows),
            note=step.note or None,
            step_on_exception=_handler(plan, step, flows, ids),
            next_step=after,
        )
    return after


def _link(number: int, step: Step, ids: Ids, problems: list[Problem]) -> Link:
    """Notes what is wrong with it."""
    place = f"steps[{number}]"
    condition = CONDITIONS.get(step.condition.upper())
    if condition is None:
        message = f"{step.condition!r} is no condition: use one of those that are allowed"
        problems.append(Problem(path=f"{place}.condition", message=message, allowed=tuple(CONDITIONS)))
    handlers = step.handler_on_failure or StepErrorHandler()
    on_failure = f"{place}.handlerOnFailure"
    return Link(
        name=step.name,
        tasks=tuple(map(TaskId, _numbers(f"{place}.taskIds", step.task_ids, ids.task_number, problems))),
        condition=condition or Condition.ALL_SUCCEEDED,
        failure_tasks=tuple(
            map(TaskId, _numbers(f"{on_failure}.taskIds", handlers.task_ids, ids.task_number, problems))
        ),
        failure_plans=tuple(
            map(PlanId, _numbers(f"{on_failure}.planIds", handlers.plan_ids, ids.plan_number, problems))
        ),
        note=step.note,
    )


def _numbers(
    place: str, sent: Sequence[str] | None, number: Callable[[str, str], int], problems: list[Problem]
) -> list[int]:
    found = []
    for position, one in enumerate(sent or ()):
        try:
            found.append(number(one, f"{place}[{position}]"))
        except Invalid as error:
            problems += error.problems
    return found


def _step(plan: PlanId, link: Link, ids: Ids) -> Step:
    handlers = StepErrorHandler(
        task_ids=[*map(ids.task, link.failure_tasks)] or None,
        plan_ids=[*map(ids.plan, link.failure_plans)] or None,
    )
    return Step(
        id=ids.step(plan, link.name),
        name=link.name,
        condition=WORDS[link.condition],
        task_ids=[*map(ids.task, link.tasks)],
        handler_on_failure=handlers if link.failure_tasks or link.failure_plans else None,
        note=link.note,
    )


def _handler(plan: PlanId, step: GraphStep, flows: Mapping[Ref, Flow], ids: Ids) -> PlanStep | None:
    if not step.on_failure:
        return None
    guid = ids.step(plan, step.name, handler=True)
    return _plan_step(guid, step.name, "FAIL", _seen(step.on_failure, flows))


def _seen(refs: Iterable[Ref], flows: Mapping[Ref, Flow]) -> list[Flow]:
    return [flows[ref] for ref in refs if ref in flows]


def _plan_step(
    guid: str,
    name: str,
    status: Status,
    flows: list[Flow],
    *,
    note: str | None = None,
    step_on_exception: PlanStep | None = None,
    next_step: PlanStep | None = None,
) -> PlanStep:
    return PlanStep(
        id=guid,
        step_id=guid,
        abstract_step_id=guid,
        name=name,
        step_name=name,
        status=status,
        flows=flows,
        task_ids=[flow.id for flow in flows if not flow.plan],
        note=note,
        step_note=note,
        step_on_exception=step_on_exception,
        next_step=next_step,
    )


def _flow(part: Part, ids: Ids) -> Flow:
    is_plan = part.kind == "plan"
    pause = pauses.shown(part.pause)
    return Flow(
        id=ids.plan(part.id) if is_plan else ids.task(part.id),
        name=part.name,
        version=f"{part.version}.0",
        description=part.description,
        destination="CLOUD",
        workspace_id=ids.of(Kind.WORKSPACE, part.workspace),
        abstract_plan_id=ids.plan(part.id) if is_plan else None,
        plan=is_plan,
        artifact=_artifact(part, ids),
        task_pause_details=pause,
        pause_details=pause,
    )


def _artifact(part: Part, ids: Ids) -> BaseArtifactVersion | None:
    """As tasks show it."""
    if part.type is None:
        return None
    if part.artifact is None or part.artifact_name is None:
        return BaseArtifactVersion(id=ids.of(Kind.TYPE, number_of_type(part.type)), name=part.type, version=ONE_VERSION)
    return BaseArtifactVersion(
        id=ids.of(Kind.ARTIFACT, part.artifact), name=part.artifact_name, version=part.artifact_version or ""
    )


def _theirs(path: str) -> str:
    return re.sub(r"[a-z_]+", lambda word: MEMBERS.get(word[0], word[0]), path)
