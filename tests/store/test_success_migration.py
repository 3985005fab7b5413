"""What the migration to last successes and steps of plans makes of a database that was there before."""

from pathlib import Path

from ostinato.app import history
from ostinato.core.plans import Ref, Step
from ostinato.store import migrate
from tests.api.factories import World, at

TEXT = (Path(migrate.__file__).parent / "migrations" / "0006_success.sql").read_text(encoding="utf-8")
FILLS = [part for part in TEXT.split(";\n") if part.lstrip().startswith(("INSERT INTO", "SELECT note_steps"))]
TABLES = {
    "task_success": "task_id",
    "plan_success": "plan_id",
    "plan_part": "plan_id, step",
    "plan_order": "plan_id, step",
}


async def test_it_fills_the_tables_from_graphs_and_history(app) -> None:
    world = World(app)
    lab = await world.workspace("lab")
    tasks = [await world.task(lab, "Query", number, f"task {number}") for number in (1, 2, 3)]
    inner = await world.plan(lab, 1, "inner", [tasks[0]])
    outer = await world.plan(
        lab,
        2,
        "outer",
        steps=[
            Step(name="one", runs=(Ref(task=tasks[0]), Ref(plan=inner))),
            Step(name="two", runs=(Ref(task=tasks[1]),), after=(0,), on_failure=(Ref(task=tasks[2]),)),
            Step(name="three", runs=(Ref(task=tasks[0]),), after=(0, 1)),
        ],
    )
    for day in ("01", "02"):
        await world.run(tasks[0], "SUCCEEDED", f"2026-02-{day}T10:00:00", f"2026-02-{day}T10:00:30", rows=int(day))
        await world.run(
            plan=outer, state="SUCCEEDED", started=f"2026-02-{day}T10:00:00", ended=f"2026-02-{day}T10:01:00"
        )
    await world.run(tasks[0], "FAILED", "2026-02-03T10:00:00", "2026-02-03T10:00:30")
    await history.archive(app, at("2027-01-01T00:00:00"))
    before = {table: await world.fetch(f"SELECT * FROM {table} ORDER BY {order}") for table, order in TABLES.items()}
    assert [row["row_count"] for row in before["task_success"]] == [2]
    assert [(row["step"], row["after"]) for row in before["plan_order"]] == [(1, 0), (2, 0), (2, 1)]
    assert [(row["step"], row["task_id"], row["nested_plan_id"], row["once"]) for row in before["plan_part"][1:]] == [
        (0, tasks[0], None, False),
        (0, None, inner, True),
        (1, tasks[1], None, True),
        (2, tasks[0], None, False),
    ]

    await world.execute(f"TRUNCATE {', '.join(TABLES)}")
    assert len(FILLS) == 3
    for fill in FILLS:
        await world.execute(fill)

    after = {table: await world.fetch(f"SELECT * FROM {table} ORDER BY {order}") for table, order in TABLES.items()}
    assert after == before
