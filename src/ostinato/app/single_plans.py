"""Single plans, kept by programs as chains of steps: listed, made, changed, deleted, allowed to run in parallel."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from ostinato.app import audit, definition_edits, definition_state, installation
from ostinato.app.application import App
from ostinato.app.graphs import graph_of, graphs_of
from ostinato.core import guids, plan_chains
from ostinato.core.access import Actor
from ostinato.core.definitions import Handlers, Overlap, Plan, Step, written
from ostinato.core.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from ostinato.core.ids import GraphId, PlanId, TaskId, WorkspaceId
from ostinato.core.plan_chains import Link
from ostinato.core.plans import Graph, Ref
from ostinato.core.wording import LONGEST_NAME, name_problems
from ostinato.store import definitions, single_plans, workspaces
from ostinato.store.audit import Entry
from ostinato.store.db import Tx
from ostinato.store.single_plans import DescribedPlan, HeldPlan, Part, User, Wanted
from ostinato.store.workspaces import Page


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a plan; `known` are the guids by which its steps were known, as far as they were sent."""

    name: str
    description: str | None
    links: Sequence[Link]
    known: Sequence[UUID | None]


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """Plans, and what their steps run."""

    total: int
    plans: Sequence[DescribedPlan]
    graphs: Mapping[GraphId, Graph]
    parts: Mapping[Ref, Part]


class WithSteps(msgspec.Struct, frozen=True, kw_only=True):
    """A plan and its steps."""

    plan: DescribedPlan
    graph: Graph


async def list_plans(app: App, actor: Actor, wanted: Wanted, page: Page) -> Shown:
    """A page of the plans that the actor may see."""
    async with app.db.reading() as tx:
        total, found = await single_plans.list_plans(tx, actor.subject, wanted, page)
        graphs = await graphs_of(app, tx, {plan.graph_id for plan in found})
        refs = {ref for graph in graphs.values() for step in graph.steps for ref in (*step.runs, *step.on_failure)}
        tasks = [ref.task for ref in refs if ref.task is not None]
        plans = [ref.plan for ref in refs if ref.plan is not None]
        parts = await single_plans.parts(tx, actor.subject, tasks, plans) if refs else []
    return Shown(total=total, plans=found, graphs=graphs, parts={part.ref: part for part in parts})


async def get_with_parts(app: App, actor: Actor, plan: int) -> Shown:
    """Raises NotFound."""
    shown = await list_plans(app, actor, Wanted(plan=plan), Page(limit=1, offset=0))
    if not shown.plans:
        raise NotFound("Plan", plan)
    return shown


async def get(app: App, actor: Actor, plan: int) -> DescribedPlan:
    """Raises NotFound."""
    async with app.db.reading() as tx:
        return await _described(tx, actor, plan)


async def create(app: App, actor: Actor, workspace: int, about: About, now: datetime) -> WithSteps:
    """Raises Forbidden, Invalid, and Conflict if the name is taken.

    The paths of problems are those of the definition of a plan, such as `steps[0].on_failure.tasks[1]`.
    """
    _check(about)

    async def work(tx: Tx) -> WithSteps:
        await definitions.lock(tx)
        found = await workspaces.described(tx, actor.subject, manages=False, id=workspace)
        if not found:
            message = "there is no such workspace, or you may not see it"
            raise Invalid(Problem(path="workspace", message=message))
        if await single_plans.is_named(tx, found[0].id, about.name):
            raise _taken(about)
        names = await _names(tx, found[0].id, about, ())
        plan = Plan(name=about.name, description=about.description, steps=_steps(about.links, names, {}))
        kept = await definition_edits.put(app, tx, actor, (found[0].environment.name, found[0].key), plan, now)
        return await _with_steps(app, tx, actor, kept.rows.plan_ids[about.name])

    return await app.db.run(work)


async def change(app: App, actor: Actor, plan: int, workspace: int, about: About, now: datetime) -> WithSteps:
    """What a chain cannot say of the plan stays as it is. Raises NotFound, Forbidden, Invalid, and Conflict if the name
    is taken or needed, or if the steps differ and the plan is more than a chain."""
    _check(about)
    number = await installation.number(app)

    async def work(tx: Tx) -> WithSteps:
        await definitions.lock(tx)
        held = await _hold_to_author(tx, actor, plan, "Changing")
        if workspace != held.workspace:
            message = f"a plan stays in its workspace: send the id of the workspace {held.key!r}"
            raise Invalid(Problem(path="workspace", message=message))
        stored = held.plan
        refs = [ref for step in stored.graph.steps for ref in (*step.runs, *step.on_failure)]
        names = await _names(tx, held.workspace, about, refs)
        wanted = _as_defined(held, names)
        if not plan_chains.same(plan_chains.links(stored.graph), about.links):
            _require_chain(stored.graph)
            wanted = msgspec.structs.replace(wanted, steps=_steps(about.links, names, _limits(number, held, about)))
        if about.name != stored.name:
            await _rename(tx, actor, held, about, now)
        wanted = msgspec.structs.replace(wanted, name=about.name, description=about.description)
        await definition_edits.put(app, tx, actor, (held.environment, held.key), wanted, now)
        return await _with_steps(app, tx, actor, plan)

    return await app.db.run(work)


async def remove(app: App, actor: Actor, plan: int, now: datetime) -> None:
    """Its runs are told of as before. Raises NotFound, Forbidden, and Conflict if something needs it."""

    async def work(tx: Tx) -> None:
        await definitions.lock(tx)
        held = await _hold_to_author(tx, actor, plan, "Deleting")
        if users := await single_plans.users(tx, held.plan.id):
            raise Conflict(f"The plan {held.plan.name!r} cannot be deleted: {_need(users[0])}")
        await single_plans.delete(tx, held.plan.id, now)
        before = {"description": held.plan.description, "version": held.plan.version}
        await audit.record(tx, actor, now, _entry("delete", held, before=before))

    await app.db.run(work)


async def set_parallel(app: App, actor: Actor, plan: int, now: datetime, *, parallel: bool) -> DescribedPlan:
    """Whether it may be at work more than once at a time; one that may not keeps how it refuses or waits.

    Raises NotFound, Forbidden.
    """

    async def work(tx: Tx) -> DescribedPlan:
        held = await _hold_to_execute(tx, actor, plan)
        before = held.plan.overlap
        if parallel != (before is Overlap.PARALLEL):
            after = Overlap.PARALLEL if parallel else Overlap.FORBID
            await single_plans.set_overlap(tx, held.plan.id, after, now)
            await audit.record(tx, actor, now, _entry("change", held, {"overlap": before}, {"overlap": after}))
        return await _described(tx, actor, plan)

    return await app.db.run(work)


async def require_execute(app: App, actor: Actor, plan: int) -> None:
    """Raises NotFound, Forbidden."""
    async with app.db.transaction() as tx:
        await _hold_to_execute(tx, actor, plan)


def _check(about: About) -> None:
    problems = name_problems("name", about.name)
    for number, link in enumerate(about.links):
        problems += name_problems(written(("steps", number, "name")), link.name)
    if not about.links:
        problems.append(Problem(path="steps", message="a plan needs at least one step"))
    for number, guid in enumerate(about.known):
        if guid is not None and guid in about.known[:number]:
            message = "two steps have this id: leave it out of the new one"
            problems.append(Problem(path=written(("steps", number, "id")), message=message))
    if problems:
        raise Invalid(*problems)


async def _described(tx: Tx, actor: Actor, plan: int) -> DescribedPlan:
    found = await single_plans.get(tx, actor.subject, plan)
    if found is None:
        raise NotFound("Plan", plan)
    return found


async def _with_steps(app: App, tx: Tx, actor: Actor, plan: int) -> WithSteps:
    found = await _described(tx, actor, plan)
    return WithSteps(plan=found, graph=await graph_of(app, tx, found.graph_id))


async def _hold_to_author(tx: Tx, actor: Actor, plan: int, doing: str) -> HeldPlan:
    held = await single_plans.hold(tx, actor.subject, plan)
    if held is None:
        raise NotFound("Plan", plan)
    if not held.may_author:
        raise Forbidden(f"{doing} {held.plan.name!r} needs the permission AUTHOR in its workspace")
    return held


async def _hold_to_execute(tx: Tx, actor: Actor, plan: int) -> HeldPlan:
    held = await single_plans.hold(tx, actor.subject, plan)
    if held is None:
        raise NotFound("Plan", plan)
    if not held.may_execute:
        raise Forbidden(f"Configuring {held.plan.name!r} needs the permission EXECUTE in its workspace")
    return held


async def _names(tx: Tx, workspace: WorkspaceId, about: About, more: Sequence[Ref]) -> dict[Ref, str]:
    """The names of everything that is sent, and of more. Raises Invalid, saying where something is sent that is not in
    the workspace."""
    sent = {path: ref for number, link in enumerate(about.links) for path, ref in _places(number, link).items()}
    names = await single_plans.names(tx, workspace, [*dict.fromkeys([*sent.values(), *more])])
    problems = [
        Problem(path=path, message=f"the workspace of the plan has no such {'plan' if ref.task is None else 'task'}")
        for path, ref in sent.items()
        if ref not in names
    ]
    if problems:
        raise Invalid(*problems)
    return names


def _places(number: int, link: Link) -> dict[str, Ref]:
    """What a step runs, by where it was sent."""
    step = ("steps", number)
    tasks = {(*step, "tasks", at): Ref(task=task) for at, task in enumerate(link.tasks)}
    handlers = {(*step, "on_failure", "tasks", at): Ref(task=task) for at, task in enumerate(link.failure_tasks)}
    plans = {(*step, "on_failure", "plans", at): Ref(plan=plan) for at, plan in enumerate(link.failure_plans)}
    return {written(path): ref for path, ref in (tasks | handlers | plans).items()}


def _as_defined(held: HeldPlan, names: Mapping[Ref, str]) -> Plan:
    tasks: dict[TaskId, str] = {ref.task: name for ref, name in names.items() if ref.task is not None}
    plans: dict[PlanId, str] = {ref.plan: name for ref, name in names.items() if ref.plan is not None}
    return definition_state.plan_definition(held.plan, tasks, plans)


def _steps(links: Sequence[Link], names: Mapping[Ref, str], limits: Mapping[int, int | None]) -> tuple[Step, ...]:
    """Each after the one before it, with the limits it had."""
    return tuple(
        Step(
            name=link.name,
            tasks=tuple(names[Ref(task=task)] for task in link.tasks),
            after=(links[number - 1].name,) if number else (),
            limit=limits.get(number),
            condition=link.condition,
            on_failure=Handlers(
                tasks=tuple(names[Ref(task=task)] for task in link.failure_tasks),
                plans=tuple(names[Ref(plan=plan)] for plan in link.failure_plans),
            ),
            note=link.note or None,
        )
        for number, link in enumerate(links)
    )


def _limits(installation: int, held: HeldPlan, about: About) -> dict[int, int | None]:
    """The limits of the steps that were there before, known by their guids or else by their names."""
    by_name = {step.name: step.limit for step in held.plan.graph.steps}
    by_guid = {guids.of_step(installation, held.plan.id, name): limit for name, limit in by_name.items()}
    return {
        number: by_guid[guid] if guid in by_guid else by_name.get(link.name)
        for number, (link, guid) in enumerate(zip(about.links, about.known, strict=True))
    }


def _require_chain(graph: Graph) -> None:
    if losses := plan_chains.losses(graph):
        raise Conflict(
            f"The steps of this plan are more than a chain, which would be lost: {'; '.join(losses)}."
            " Change them where they were made, or send them as they are shown"
        )


async def _rename(tx: Tx, actor: Actor, held: HeldPlan, about: About, now: datetime) -> None:
    """Plans know it by its number; composite tasks by its name, which is in their configs."""
    for user in await single_plans.users(tx, held.plan.id):
        if user.kind == "task":
            raise Conflict(f"The plan {held.plan.name!r} cannot get another name: {_need(user)}")
    if not await single_plans.rename(tx, held.plan.id, about.name, now):
        raise _taken(about)
    said = {"name": held.plan.name}, {"name": about.name}
    await audit.record(tx, actor, now, _entry("rename", held, *said))


def _need(user: User) -> str:
    match user.kind:
        case "plan" | "task":
            return f"the {user.kind} {user.name!r} runs it"
        case "run":
            return f"run {user.name} of it has not ended: wait for it, or cancel it"
        case "run to come":
            return f"run {user.name}, which has not ended, will come to it: wait for it, or cancel it"


def _taken(about: About) -> Conflict:
    return Conflict(f"There is a plan {about.name[:LONGEST_NAME]!r} in this workspace already: choose another name")


def _entry(
    action: str,
    held: HeldPlan,
    before: Mapping[str, str | int | None] | None = None,
    after: Mapping[str, str | int | None] | None = None,
) -> Entry:
    return Entry(
        action=action,
        kind="plan",
        target=held.plan.name,
        environment=held.environment,
        workspace=held.key,
        before=dict(before) if before else None,
        after=dict(after) if after else None,
    )
