"""What is sent and received about backfills."""

from typing import Annotated, Any, Literal

import msgspec

from ostinato.api.native.schedules_wire import Starts, Words
from ostinato.api.native.wire import Instant, Name, Text
from ostinato.app.backfills import Preview
from ostinato.core.backfills import MOST_AT_ONCE, BackfillState, UsedTrigger, why_stopped
from ostinato.core.parameters import MOST_PARAMETERS
from ostinato.core.schedules import MOST_TRIGGERS
from ostinato.core.states import State
from ostinato.core.times import instant
from ostinato.core.triggers.kinds import Trigger
from ostinato.store.backfills import SeenBackfill, SeenFire

Moment = Annotated[str, msgspec.Meta(max_length=40)]
Number = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]


class BackfillWish(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A backfill as it is to be. Its times come from `trigger`, or else from the schedule of the task or plan."""

    environment: Name = "Production"
    starts: Annotated[Starts, msgspec.Meta(description="What runs: a plan or task by its name; a plan goes first.")]
    begin: Annotated[Moment, msgspec.Meta(description="The first time that may be in it: RFC 3339.")] = msgspec.field(
        name="from"
    )
    end: Annotated[Moment, msgspec.Meta(description="Times before this; not later than now.")] = msgspec.field(
        name="to"
    )
    description: Words | None = None
    trigger: Annotated[
        Trigger | None, msgspec.Meta(description="Fires at these times; left out: as its schedule says.")
    ] = None
    names: Annotated[
        Annotated[tuple[Name, ...], msgspec.Meta(min_length=1, max_length=MOST_TRIGGERS)] | None,
        msgspec.Meta(description="Only these triggers of its schedule; left out: all."),
    ] = None
    parameters: Annotated[
        dict[Name, Text | int | float | bool],
        msgspec.Meta(
            max_length=MOST_PARAMETERS,
            description="Values of parameters it declares; each run gets its time as scheduled_at.",
        ),
    ] = msgspec.field(default_factory=dict)
    priority: Annotated[int, msgspec.Meta(ge=-1_000, le=1_000)] | None = None
    concurrency: Annotated[
        int, msgspec.Meta(ge=1, le=MOST_AT_ONCE, description="How many of its runs may be live at once.")
    ] = 1
    version: Annotated[
        Number | Literal["newest", "current"],
        msgspec.Meta(
            description="Of a plan. newest: each run has the one that is current when it starts. current: all have the"
            " one that is current now. A number: all have that one."
        ),
    ] = "newest"
    newest_first: Annotated[bool, msgspec.Meta(description="Begin with the last time, not the first.")] = False
    stop_on_failure: Annotated[
        bool, msgspec.Meta(description="Start nothing more after a run failed; what is live goes on.")
    ] = False
    dry_run: Annotated[bool, msgspec.Meta(description="Only tell what would run, and make nothing.")] = False


class ShownTrigger(msgspec.Struct, frozen=True, kw_only=True):
    name: Annotated[str | None, msgspec.Meta(description="In the schedule; null: it was given with the backfill.")]
    trigger: dict[str, object]


class Counts(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How many of its times stand how."""

    not_started: int
    live: Annotated[int, msgspec.Meta(description="Its run has not ended, or that is not counted yet.")]
    succeeded: int
    failed: int
    cancelled: int


class Backfill(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    id: int
    state: Annotated[
        BackfillState,
        msgspec.Meta(description="waiting: the last start was refused, and is tried again. failed: not all succeeded."),
    ]
    waiting: Annotated[str | None, msgspec.Meta(description="Why the last start was refused.")]
    stopped: Annotated[
        str | None, msgspec.Meta(description="Why what has not started never starts; null: nothing stopped it.")
    ]
    environment: str
    workspace: str
    kind: Literal["task", "plan"]
    name: str
    description: str | None
    begin: Instant = msgspec.field(name="from")
    end: Instant = msgspec.field(name="to")
    triggers: Annotated[list[ShownTrigger], msgspec.Meta(description="What its times were worked out from.")]
    total: Annotated[int, msgspec.Meta(description="How many times there are.")]
    counts: Counts
    concurrency: int
    version: Annotated[int | Literal["newest"] | None, msgspec.Meta(description="Of the plan; null: it is of a task.")]
    newest_first: bool
    stop_on_failure: bool
    parameters: dict[str, Any]
    priority: int | None
    owner: Annotated[str, msgspec.Meta(description="On whose behalf runs are started: whoever made it.")]
    created_at: Instant
    ended_at: Instant | None


class BackfillPage(msgspec.Struct, frozen=True, kw_only=True):
    items: list[Backfill]
    total: int


class BackfillPreview(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a backfill would run."""

    environment: str
    workspace: str
    kind: Literal["task", "plan"]
    name: str
    triggers: list[ShownTrigger]
    total: int
    first: Instant
    last: Instant
    times: Annotated[list[Instant], msgspec.Meta(description="In the order in which they would start.")]
    version: Annotated[int | Literal["newest"] | None, msgspec.Meta(description="Of the plan; null: it is of a task.")]
    estimated_seconds: Annotated[
        float | None,
        msgspec.Meta(description="If runs take as long as its newest ones that succeeded; null: there are none."),
    ]


class BackfillFire(msgspec.Struct, frozen=True, kw_only=True):
    """A time of a backfill."""

    at: Instant
    run: Annotated[int | None, msgspec.Meta(description="null: it has not started.")]
    state: Annotated[State | None, msgspec.Meta(description="Of the run.")]


class BackfillFires(msgspec.Struct, frozen=True, kw_only=True):
    items: list[BackfillFire]
    total: int


def backfill(one: SeenBackfill) -> Backfill:
    return Backfill(
        id=one.id,
        state=one.standing.state,
        waiting=one.waiting,
        stopped=None if one.stopped is None else why_stopped(one.stopped, one.stopped_by, one.kind),
        environment=one.environment,
        workspace=one.workspace,
        kind=one.kind,
        name=one.name,
        description=one.description,
        begin=instant(one.begin),
        end=instant(one.end),
        triggers=[_trigger(used) for used in one.triggers],
        total=one.fires,
        counts=Counts(
            not_started=one.not_started,
            live=one.live,
            succeeded=one.succeeded,
            failed=one.failed,
            cancelled=one.cancelled,
        ),
        concurrency=one.concurrency,
        version=_version(one.kind, one.version),
        newest_first=one.newest_first,
        stop_on_failure=one.stop_on_failure,
        parameters=one.parameters,
        priority=one.priority,
        owner=one.owner,
        created_at=instant(one.created_at),
        ended_at=None if one.ended_at is None else instant(one.ended_at),
    )


def preview(found: Preview) -> BackfillPreview:
    wanted = found.wanted
    kind: Literal["task", "plan"] = "task" if wanted.what.plan is None else "plan"
    return BackfillPreview(
        environment=found.startable.environment,
        workspace=found.startable.workspace,
        kind=kind,
        name=found.startable.name,
        triggers=[_trigger(used) for used in wanted.triggers],
        total=len(wanted.times),
        first=instant(min(wanted.times)),
        last=instant(max(wanted.times)),
        times=[instant(at) for at in wanted.times],
        version=_version(kind, wanted.version),
        estimated_seconds=found.seconds,
    )


def fires(found: tuple[SeenBackfill, list[SeenFire]]) -> BackfillFires:
    one, listed = found
    items = [BackfillFire(at=instant(fire.at), run=fire.run, state=fire.state) for fire in listed]
    return BackfillFires(items=items, total=one.fires)


def _trigger(used: UsedTrigger) -> ShownTrigger:
    return ShownTrigger(name=used.name, trigger=msgspec.to_builtins(used.trigger))


def _version(kind: Literal["task", "plan"], pinned: int | None) -> int | Literal["newest"] | None:
    return None if kind == "task" else pinned or "newest"
