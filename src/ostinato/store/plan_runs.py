"""Statements about the runs of one plan, with everything below them."""

from collections.abc import Sequence
from datetime import date, datetime

import msgspec

from ostinato.core.ids import EnvironmentId, PlanId, RunId, SubjectId
from ostinato.core.plan_runs import Member
from ostinato.core.states import State
from ostinato.store.db import Tx, fetch, fetch_one
from ostinato.store.workspaces import Page


class Plan(msgspec.Struct, frozen=True):
    """A plan, and its oldest live run; `begun`: a worker was given something of one of its live runs."""

    plan: PlanId
    environment: EnvironmentId
    name: str
    disabled: bool
    paused_at: datetime | None
    paused_by: str | None
    live: RunId | None
    queued: bool | None
    """Whether that run waits as a whole."""
    begun: bool


class Past(msgspec.Struct, frozen=True):
    """A run of a plan that was started by itself; `day`: under which it is kept, None if it is live."""

    run: RunId
    day: date | None
    state: State
    cause: str
    queued_at: datetime
    ended_at: datetime | None


class Among(msgspec.Struct, frozen=True, kw_only=True):
    """Which runs of a plan: with ids between `above` and `below`, queued from `since` on and before `until`."""

    above: int = 0
    below: int = 2**63 - 1
    states: Sequence[State] | None = None
    causes: Sequence[str] | None = None
    since: datetime | None = None
    until: datetime | None = None


class Line(msgspec.Struct, frozen=True):
    """A line in the log of a run, which is `root` or below it."""

    root: RunId
    run: RunId
    seq: int
    at: datetime
    text: str


class Most(msgspec.Struct, frozen=True, kw_only=True):
    """How much may be read at once."""

    runs: int
    lines: int
    characters: int
    longest_line: int


async def list_plans(tx: Tx, viewer: SubjectId, environment: str, page: Page, only: PlanId | None = None) -> list[Plan]:
    return await fetch(tx, "plan_runs/plans", Plan, viewer, environment, only, page.limit, page.offset)


async def deleted(tx: Tx, viewer: SubjectId, environment: str, plan: PlanId) -> Plan | None:
    """A plan that is no more, of whose runs there may be something to tell."""
    return await fetch_one(tx, "plan_runs/deleted", Plan, viewer, environment, plan)


async def list_runs(tx: Tx, viewer: SubjectId, plan: PlanId, among: Among, page: Page) -> list[Past]:
    """The newest first."""
    return await fetch(
        tx,
        "plan_runs/list",
        Past,
        viewer,
        plan,
        among.above,
        among.below,
        among.states,
        among.causes,
        among.since,
        among.until,
        page.limit,
        page.offset,
    )


async def members(
    tx: Tx, viewer: SubjectId, environment: EnvironmentId, roots: Sequence[Past], most: Most
) -> list[Member]:
    """The runs and those below them, as far as the viewer may see them; one more than `most.runs`: there are more."""
    runs, days = [root.run for root in roots], [root.day for root in roots]
    return await fetch(tx, "plan_runs/members", Member, viewer, runs, environment, days, most.runs + 1)


async def lines(tx: Tx, viewer: SubjectId, environment: EnvironmentId, roots: Sequence[Past], most: Most) -> list[Line]:
    """What they wrote; more lines or characters than `most`: there are more, and the last run may be incomplete."""
    runs, days = [root.run for root in roots], [root.day for root in roots]
    return await fetch(
        tx,
        "plan_runs/lines",
        Line,
        viewer,
        runs,
        environment,
        days,
        most.lines + 1,
        most.longest_line,
        most.characters,
    )
