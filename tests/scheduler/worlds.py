"""Random worlds for the model, and how they get into the database."""

from collections.abc import Mapping

import msgspec
from hypothesis import strategies as st

from ostinato.app.application import App
from ostinato.core.ids import PlanId, TaskId
from ostinato.core.plans import Condition, Graph, Ref, Step
from ostinato.core.retries import RetryPolicy
from ostinato.store import graphs
from ostinato.store.db import Tx
from tests.scheduler.model import FAILS, FINDS, IS_LOST, SUCCEEDS, TIMES_OUT, PlanSpec, TaskSpec, World

MOST_TASKS, MOST_PLANS, MOST_STEPS = 5, 3, 6
RETRY_DELAY = 30

OVERLAPS = st.sampled_from(["forbid", "parallel", "queue"])
LIMITS = st.sampled_from([None, None, 1, 2])


@st.composite
def task_specs(draw: st.DrawFn, pools: int) -> TaskSpec:
    told = st.sampled_from([SUCCEEDS, SUCCEEDS, SUCCEEDS, FAILS, FINDS, TIMES_OUT, IS_LOST])
    return TaskSpec(
        answers=tuple(draw(st.lists(told, min_size=1, max_size=3))),
        tries=draw(st.integers(1, 3)),
        on_lost=draw(st.sampled_from(["requeue", "requeue", "fail"])),
        overlap=draw(OVERLAPS),
        pool=draw(st.one_of(st.none(), st.integers(0, pools - 1))),
        priority=draw(st.integers(-1, 1)),
        disabled=draw(st.sampled_from([False] * 9 + [True])),
    )


@st.composite
def graphs_of(draw: st.DrawFn, refs: list[Ref], most: int) -> Graph:
    """Some steps; a step is after earlier ones only."""
    side_by_side = st.lists(st.sampled_from(refs), min_size=1, max_size=3, unique=True).map(tuple)
    steps = [
        Step(
            name=f"step {number}",
            runs=draw(side_by_side),
            after=tuple(sorted(draw(st.sets(st.integers(0, number - 1), max_size=2)))) if number else (),
            condition=draw(st.sampled_from(Condition)),
            on_failure=draw(st.one_of(st.just(()), side_by_side)),
            limit=draw(LIMITS),
        )
        for number in range(draw(st.integers(1, most)))
    ]
    return Graph(steps=tuple(steps), limit=draw(LIMITS))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """The first plan may contain the others, each of these the ones after it: as plans, or as composite tasks."""
    pools = tuple(draw(st.lists(st.integers(1, 2), min_size=1, max_size=2)))
    tasks = tuple(draw(st.lists(task_specs(len(pools)), min_size=1, max_size=MOST_TASKS)))
    count = draw(st.integers(1, MOST_PLANS))
    tasks += tuple(
        TaskSpec(consists_of=number, tries=draw(st.sampled_from([1, 1, 2])), overlap=draw(OVERLAPS))
        for number in range(1, count)
    )
    plans = []
    for number in range(count):
        task_refs = [
            Ref(task=TaskId(other))
            for other, task in enumerate(tasks)
            if task.consists_of is None or task.consists_of > number
        ]
        inner = [Ref(plan=PlanId(other)) for other in range(number + 1, count)]
        graph = draw(graphs_of(task_refs + inner, MOST_STEPS if not number else 3))
        plans.append(PlanSpec(graph=graph, tries=draw(st.sampled_from([1, 1, 2])), overlap=draw(OVERLAPS)))
    return World(tasks=tasks, plans=tuple(plans), pools=pools)


class Made(msgspec.Struct, frozen=True):
    """The ids that the numbers of a world got."""

    tasks: Mapping[int, TaskId]
    plans: Mapping[int, PlanId]


async def make(app: App, world: World) -> Made:
    """Put a world into the database, instead of whatever is there."""
    async with app.db.transaction() as tx:
        for table in ("run", "step_run", "run_log", "trigger_key", "server_session", "plan", "task", "pool"):
            await tx.execute(f"DELETE FROM {table}")
        await tx.execute(
            "INSERT INTO workspace (environment_id, key, name, created_at) "
            "SELECT id, 'model', 'Model', now() FROM environment WHERE name = 'Production' ON CONFLICT DO NOTHING"
        )
        pools = [
            await tx.fetchval(
                """INSERT INTO pool (environment_id, name, slots, created_at, changed_at)
                   SELECT id, $1, $2, now(), now() FROM environment WHERE name = 'Production' RETURNING id""",
                f"pool {number}",
                slots,
            )
            for number, slots in enumerate(world.pools)
        ]
        tasks: dict[int, TaskId] = {}
        plans: dict[int, PlanId] = {}
        for number, task in enumerate(world.tasks):
            if task.consists_of is None:
                tasks[number] = await _task(tx, number, task, pools, None)
        for number, plan in reversed(list(enumerate(world.plans))):
            plans[number] = await _plan(tx, number, plan, tasks, plans)
            for other, task in enumerate(world.tasks):
                if task.consists_of == number:
                    tasks[other] = await _task(tx, other, task, pools, plans[number])
    return Made(tasks, plans)


async def _task(tx: Tx, number: int, spec: TaskSpec, pools: list[int], like: PlanId | None) -> TaskId:
    policy = RetryPolicy(attempts=spec.tries, delay=RETRY_DELAY, factor=1, on_lost=spec.on_lost)  # type: ignore[arg-type]
    return TaskId(
        await tx.fetchval(
            """INSERT INTO task (environment_id, workspace_id, type, number, name, config, retries, overlap, pool_id,
                                 priority, disabled, graph_id, created_at, changed_at)
               SELECT environment_id, id, 'Probe', $1, $2, '{}', $3, $4, $5, $6, $7,
                      (SELECT graph_id FROM plan WHERE plan.id = $8), now(), now()
                 FROM workspace WHERE key = 'model' RETURNING id""",
            number,
            f"task {number}",
            msgspec.to_builtins(policy),
            spec.overlap,
            None if spec.pool is None else pools[spec.pool],
            spec.priority,
            spec.disabled,
            like,
        )
    )


async def _plan(
    tx: Tx, number: int, spec: PlanSpec, tasks: Mapping[int, TaskId], plans: Mapping[int, PlanId]
) -> PlanId:
    def placed(refs: tuple[Ref, ...]) -> tuple[Ref, ...]:
        return tuple(Ref(task=tasks[ref.task]) if ref.task is not None else Ref(plan=plans[ref.plan]) for ref in refs)  # type: ignore[index]

    steps = tuple(
        msgspec.structs.replace(step, runs=placed(step.runs), on_failure=placed(step.on_failure))
        for step in spec.graph.steps
    )
    graph = await graphs.save(tx, Graph(steps=steps, limit=spec.graph.limit))
    policy = RetryPolicy(attempts=spec.tries, delay=RETRY_DELAY, factor=1)
    return PlanId(
        await tx.fetchval(
            """INSERT INTO plan (environment_id, workspace_id, number, name, version, graph_id, retries, overlap,
                                 created_at, changed_at)
               SELECT environment_id, id, $1, $2, 1, $3, $4, $5, now(), now() FROM workspace WHERE key = 'model'
               RETURNING id""",
            number,
            f"plan {number}",
            graph,
            msgspec.to_builtins(policy),
            spec.overlap,
        )
    )
