"""Plans of one environment by their ids, and what their runs came to, with the logs of everything below them.

A look is bounded: so many runs of the plan, runs below them, lines and characters. It ends where one of these bounds
is reached, and says where the next one begins.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

import msgspec

from ostinato.app import history, starts, waiting
from ostinato.app.application import App
from ostinato.app.starts import Trigger
from ostinato.core.access import Actor
from ostinato.core.errors import NotFound
from ostinato.core.ids import PlanId, RunId
from ostinato.core.plan_runs import Level, Member, Summary, level_of, summary
from ostinato.core.states import ENDED, LIVE, State
from ostinato.store import plan_runs
from ostinato.store.db import Tx
from ostinato.store.history import Retention
from ostinato.store.plan_runs import Among, Line, Most, Past, Plan
from ostinato.store.runs import TaskOrPlan
from ostinato.store.workspaces import Page

Row = TypeVar("Row", Member, Line)

MOST = Most(runs=25_000, lines=50_000, characters=20_000_000, longest_line=4_000)
MOST_RUNS = 1_000
"""Runs of the plan that one look goes through."""
AT_ONCE = 20
MOST_EXPLAINED = 100
"""Plans whose wait is told in words; each costs a look at what is in its way."""
STATES: dict[Summary, tuple[State, ...]] = {
    Summary.PENDING: tuple(LIVE),
    Summary.AT_WORK: tuple(LIVE),
    Summary.SUCCEEDED: (State.SUCCEEDED,),
    Summary.WITH_FAILURES: (State.SUCCEEDED,),
    Summary.WITH_WARNINGS: (State.SUCCEEDED,),
    Summary.FAILED: (State.FAILED, State.CANCELLED),
}
"""The states that runs of each summary are in; what else it needs is known only when everything below has been read."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a plan stands; `waits`: what its live run waits for, if it waits as a whole."""

    plan: Plan
    waits: str | None


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which runs of a plan, the newest first: queued from `since` on and before `until`, older than `before`."""

    limit: int = MOST_RUNS
    offset: int = 0
    before: RunId | None = None
    since: datetime | None = None
    until: datetime | None = None
    summaries: frozenset[Summary] | None = None
    only: RunId | None = None
    """This run, if it was started from outside or by a schedule."""
    by_hand: bool = False
    """Only what was started in our own application."""

    @property
    def states(self) -> Sequence[State] | None:
        if self.summaries is None:
            return None
        return sorted({state for one in self.summaries for state in STATES[one]})

    @property
    def is_told_by_states(self) -> bool:
        """Whether the state of a run alone says that it is wanted."""
        return self.summaries is None or all(
            one in self.summaries for one, states in STATES.items() if set(states) <= set(self.states or ())
        )


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A run of a plan with what is below it and what was written there; `cut`: there is more than could be read."""

    run: Past
    summary: Summary
    members: Sequence[Member]
    lines: Sequence[Line]
    cut: bool


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """What a look found; `next`: another one, before this run, would find more."""

    plan: Plan
    runs: Sequence[Told]
    next: RunId | None
    retention: Retention | None


async def list_plans(app: App, actor: Actor, environment: str, page: Page) -> list[Plan]:
    """The plans of an environment, by number."""
    async with app.db.reading() as tx:
        return await plan_runs.list_plans(tx, actor.subject, environment, page)


async def list_standings(app: App, actor: Actor, environment: str, page: Page, now: datetime) -> list[Standing]:
    """The same, with how each stands."""
    return await _standings(app, actor, await list_plans(app, actor, environment, page), now)


async def standing(app: App, actor: Actor, environment: str, plan: PlanId, now: datetime) -> Standing:
    """How one plan stands; raises NotFound."""
    async with app.db.reading() as tx:
        found = await _find(tx, actor, environment, plan)
    return (await _standings(app, actor, [found], now))[0]


async def start(
    app: App, actor: Actor, environment: str, plan: PlanId, now: datetime, *, repetition: str | None = None
) -> tuple[Plan, RunId]:
    """Start a plan from outside, whatever the key is; raises NotFound, Forbidden, Invalid, Conflict.

    The same `repetition` key from the same user gives the same run again.
    """
    async with app.db.reading() as tx:
        found = await _find(tx, actor, environment, plan)
    trigger = Trigger(key=repetition, cause="api")
    return found, await starts.start(app, actor, TaskOrPlan(plan=found.plan), trigger, now)


async def read(app: App, actor: Actor, environment: str, plan: PlanId, wanted: Wanted) -> Read:
    """What became of a plan, which may have been deleted meanwhile, as it was at one moment; raises NotFound."""
    async with app.db.moment() as tx:
        found = await _find_ever(tx, actor, environment, plan)
        if wanted.only is not None and not await _is_there(tx, actor, found, wanted.only):
            raise NotFound("Trigger", wanted.only)
        look = _Look(tx, actor, found, wanted)
        await look.go()
        kept = {one.environment: one for one in await history.retention_of(tx, actor)}
    return Read(plan=found, runs=look.told, next=look.next, retention=kept.get(environment))


_ONE = Page(limit=1, offset=0)
_OUTSIDE = ("api", "schedule", "webhook", "data", "backfill")


def _only(run: RunId) -> Among:
    return Among(above=run - 1, below=run + 1, causes=_OUTSIDE)


class _Look:
    """Goes through the runs of a plan, the newest first, as long as there is room for what is below them."""

    def __init__(self, tx: Tx, actor: Actor, plan: Plan, wanted: Wanted) -> None:
        self._tx, self._actor, self._plan, self._wanted = tx, actor, plan, wanted
        self._left, self._seen = MOST, 0
        self._skip = 0 if wanted.is_told_by_states else wanted.offset
        self._last = wanted.before if wanted.before is not None else Among().below
        self.told: list[Told] = []
        self.next: RunId | None = None

    async def go(self) -> None:
        offset = self._wanted.offset - self._skip
        room = True
        while room and len(self.told) < self._wanted.limit and self._seen < MOST_RUNS:
            roots = await self._list(min(AT_ONCE, self._number()), offset)
            if not roots:
                return
            room, offset = await self._take(roots), 0
        if await self._list(1, offset):
            self.next = RunId(self._last)

    def _number(self) -> int:
        """How many more can be of use."""
        most = MOST_RUNS - self._seen
        return min(most, self._wanted.limit - len(self.told)) if self._wanted.is_told_by_states else most

    async def _list(self, most: int, offset: int) -> list[Past]:
        wanted = self._wanted
        among = Among(
            below=self._last,
            states=wanted.states,
            causes=("manual",) if wanted.by_hand else None,
            since=wanted.since,
            until=wanted.until,
        )
        if wanted.only is not None:
            one = _only(wanted.only)
            among = msgspec.structs.replace(
                among, above=one.above, below=min(one.below, among.below), causes=one.causes
            )
        page = Page(limit=most, offset=offset)
        return await plan_runs.list_runs(self._tx, self._actor.subject, self._plan.plan, among, page)

    async def _take(self, roots: Sequence[Past]) -> bool:
        """Read what is below these runs and keep what is wanted of it; whether there is room for more."""
        viewer, environment, left = self._actor.subject, self._plan.environment, self._left
        members = await plan_runs.members(self._tx, viewer, environment, roots, left)
        lines = await plan_runs.lines(self._tx, viewer, environment, roots, left)
        size = sum(len(line.text) for line in lines)
        torn = {members[-1].root} if len(members) > left.runs else set()
        if len(lines) > left.lines or size > left.characters:
            torn.add(lines[-1].root)
        members_of, lines_of = _by_root(members), _by_root(lines)
        for root in roots:
            cut = root.run in torn
            if cut and self._seen:
                return False
            if len(self.told) == self._wanted.limit:
                return True
            self._keep(told(root, members_of.get(root.run, []), lines_of.get(root.run, []), cut=cut))
            self._seen, self._last = self._seen + 1, root.run
            if cut:
                return False
        self._left = msgspec.structs.replace(
            left, runs=left.runs - len(members), lines=left.lines - len(lines), characters=left.characters - size
        )
        return True

    def _keep(self, one: Told) -> None:
        if self._wanted.summaries is not None and one.summary not in self._wanted.summaries:
            return
        if self._skip:
            self._skip -= 1
        else:
            self.told.append(one)


def told(run: Past, members: Sequence[Member], lines: Sequence[Line], *, cut: bool) -> Told:
    """A run of a plan with its summary; what the engine wrote at the end of a run is told by that end already."""
    ended = {m.run: m.last_words[: MOST.longest_line] for m in members if m.state in ENDED and m.reason is not None}
    kept = [line for line in lines if line.text != ended.get(line.run)]
    levels = [*(member.level for member in members), *(level_of(line.text) for line in kept)]
    worst = max(levels, default=Level.INFORMATION)
    return Told(run=run, summary=summary(run.state, members, worst), members=members, lines=kept, cut=cut)


def _by_root(rows: Sequence[Row]) -> dict[RunId, list[Row]]:
    found: dict[RunId, list[Row]] = {}
    for row in rows:
        found.setdefault(row.root, []).append(row)
    return found


async def _is_there(tx: Tx, actor: Actor, plan: Plan, run: RunId) -> bool:
    return bool(await plan_runs.list_runs(tx, actor.subject, plan.plan, _only(run), _ONE))


async def _find(tx: Tx, actor: Actor, environment: str, plan: PlanId) -> Plan:
    found = await plan_runs.list_plans(tx, actor.subject, environment, _ONE, plan)
    if not found:
        raise NotFound("Plan", plan)
    return found[0]


async def _find_ever(tx: Tx, actor: Actor, environment: str, plan: PlanId) -> Plan:
    """The same, also if it was deleted."""
    try:
        return await _find(tx, actor, environment, plan)
    except NotFound:
        if (found := await plan_runs.deleted(tx, actor.subject, environment, plan)) is None:
            raise
        return found


async def _standings(app: App, actor: Actor, plans: Sequence[Plan], now: datetime) -> list[Standing]:
    held = [plan.live for plan in plans if plan.live is not None and plan.queued][:MOST_EXPLAINED]
    waits = await waiting.explain(app, actor, held, now)
    return [Standing(plan=plan, waits=waits.get(plan.live) if plan.live is not None else None) for plan in plans]
