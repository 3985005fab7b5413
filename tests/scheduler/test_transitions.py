"""Every event in every state does what the table of the state machine says, alone and in a race with another one."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from ostinato.core.errors import Conflict
from ostinato.core.states import ENDED, LIVE, Event, Kind, State, effect
from tests.conftest import NOW, administrator, opened_app
from tests.databases import Copies
from tests.scheduler.conftest import Lab
from tests.scheduler.racing import race
from tests.scheduler.situations import FENCED, OUTCOMES, PLAN_SITUATIONS, TASK_SITUATIONS, Stage, bring
from tests.taps import COMMIT, FIRST_STATEMENT

OF_ATTEMPTS = frozenset({Event.CLAIM, Event.START, Event.LOST, Event.RELEASE})
"""What happens to what a worker does, and never to what consists of steps."""
UNDER_LEASE = frozenset({Event.START, Event.FINISH, Event.FAIL, Event.RETRY, Event.ENDED_ON_REQUEST})
LETS_GO = {Event.RETRY_DUE: "due", Event.RESUME: "paused"}


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def theatre(copies: Copies, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Stage, str]]:
    """One database for all tests of this module; each begins with nothing that has run."""
    with copies.one() as url:
        async with opened_app(url, NOW) as app:
            stage = Stage(Lab(app, await administrator(app, NOW), tmp_path_factory.mktemp("stage")))
            await stage.define()
            yield stage, url


@pytest_asyncio.fixture(loop_scope="module")
async def stage(theatre: tuple[Stage, str]) -> Stage:
    await theatre[0].clear()
    return theatre[0]


def kind_of(state: State, event: Event, hold: str | None, *, plan: bool = False, fenced: bool = False) -> Kind:
    """What the table says, for this kind of run; `fenced`: what happens, happens to an attempt that lost its lease."""
    not_its_own = (OF_ATTEMPTS if plan else {Event.BEGIN}) | ({Event.CLAIM} if hold else set())
    if fenced and event in UNDER_LEASE | {Event.LOST, Event.RELEASE}:
        return Kind.NOTHING
    if event in not_its_own or (plan and hold and event is Event.BEGIN):
        return Kind.NOTHING
    return effect(state, event).kind


def end_of(state: State, event: Event, asked: str | None) -> set[State]:
    """The states that an event leads to from here, if it moves a run that was asked to end or was not."""
    to = set(effect(state, event).to)
    if len(to) == 1:
        return to
    if asked is None:
        return {State.CANCELLED} if event is Event.ENDED_ON_REQUEST else {State.QUEUED}
    return {State.FAILED if asked == "timeout" else State.CANCELLED}


def noted(event: Event, before: dict[str, Any], after: dict[str, Any]) -> None:
    """What stays in its state remembers what it is to remember."""
    match event:
        case Event.CANCEL | Event.TIMEOUT:
            reason = "timeout" if event is Event.TIMEOUT else "cancel_requested"
            assert after["cancel_reason"] == (before["cancel_reason"] or reason)
        case Event.RETRY_DUE:
            assert after["hold"] == (None if before["hold"] == "due" else before["hold"])
        case Event.PAUSE:
            assert after["hold"] == (before["hold"] or "paused")
        case Event.RESUME:
            assert after["hold"] == (None if before["hold"] == "paused" else before["hold"])
        case _:
            assert event is Event.RERUN, "whatever is noted is looked for here"
            assert after == before


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("situation", TASK_SITUATIONS)
async def test_a_task_run_takes_every_event_as_the_table_says(stage: Stage, situation: str, event: Event) -> None:
    state = await bring(stage, "task", situation)
    before = await stage.row()
    match kind_of(state, event, before["hold"], fenced=situation == FENCED):
        case Kind.REFUSED:
            with pytest.raises(Conflict):
                await stage.happen(event)
            assert await stage.row() == before
        case Kind.NOTHING:
            await stage.happen(event)
            assert await stage.row() == before
        case Kind.NOTED:
            await stage.happen(event)
            after = await stage.row()
            assert after["state"] == state
            noted(event, before, after)
        case Kind.MOVES:
            await stage.happen(event)
            after = await stage.row()
            assert {after["state"]} == end_of(state, event, before["cancel_reason"])
            assert after["state"] in effect(state, event).to
            if (after["state"], after["cancel_reason"]) == (State.FAILED, "timeout") and event is not Event.FAIL:
                assert (after["reason"], after["message"]) == ("timeout", "The run took longer than its own timeout")
    copies = await stage.value("SELECT count(*) FROM run WHERE rerun_of = $1", stage.run)
    assert copies == (event is Event.RERUN and state in ENDED)
    await stage.play_on()


def what_happens_to_a_plan(event: Event, state: State, asked: str | None) -> Event:
    """What it is for a plan at work when something happens to the task of its only step."""
    if state is not State.RUNNING:
        return event
    if (asked and event in OUTCOMES) or (asked and event in {Event.LOST, Event.RELEASE}):
        return Event.ENDED_ON_REQUEST
    return Event.RETRY if event is Event.ENDED_ON_REQUEST else event


@pytest.mark.parametrize("happens", Event)
@pytest.mark.parametrize("situation", PLAN_SITUATIONS)
async def test_a_plan_run_takes_every_event_as_the_table_says(stage: Stage, situation: str, happens: Event) -> None:
    state = await bring(stage, "plan", situation)
    before = await stage.row()
    event = what_happens_to_a_plan(happens, state, before["cancel_reason"])
    if event is Event.FAIL:
        await stage.never_retry()
    kind = kind_of(state, event, before["hold"], plan=True)
    if kind is Kind.REFUSED:
        with pytest.raises(Conflict):
            await stage.happen(happens)
    else:
        await stage.happen(happens)
    after = await stage.row()
    if kind is Kind.MOVES:
        assert {after["state"]} == end_of(state, event, before["cancel_reason"])
    elif LETS_GO.get(event) == before["hold"] is not None:
        assert (before["state"], after["state"]) == (State.QUEUED, State.RUNNING), "what needs no worker begins at once"
    elif kind is Kind.NOTED and event is not Event.PAUSE:
        assert after["state"] == state
        noted(event, before, after)
    else:
        assert after == before
    await stage.play_on()


SECONDS = (Event.CANCEL, Event.FINISH, Event.LOST)
RACING = {State.QUEUED: "waits for a worker", State.CLAIMED: "is claimed", State.RUNNING: "is running"}


class Outlook:
    """What may have become of a run: its state, whether its attempt still holds its lease, what it was asked."""

    def __init__(self, state: State, leased: bool, asked: str | None = None) -> None:
        self.state, self.leased, self.asked = state, leased, asked

    def after(self, event: Event) -> "Outlook":
        """What one event makes of it, by the table."""
        found = effect(self.state, event)
        fenced = event in UNDER_LEASE | {Event.LOST, Event.RELEASE} and not self.leased
        if event is Event.BEGIN or fenced or found.kind is Kind.NOTHING:
            return self
        if found.kind is Kind.NOTED:
            asked = {Event.TIMEOUT: "timeout", Event.CANCEL: "cancel_requested"}.get(event)
            return Outlook(self.state, self.leased, self.asked or asked)
        if found.kind is Kind.REFUSED:
            return self
        (state,) = end_of(self.state, event, self.asked)
        return Outlook(state, self.leased and event is Event.START, self.asked)


def ends(state: State, first: Event, second: Event) -> set[State]:
    """The states in which either order of two events ends."""
    begin = Outlook(state, leased=state is not State.QUEUED)
    found = {begin.after(first).after(second).state, begin.after(second).after(first).state}
    if {first, second} == {Event.CLAIM, Event.LOST}:
        found.add(state)  # a server that is taken for lost claims nothing
    return found


@pytest.mark.parametrize("point", [COMMIT, FIRST_STATEMENT])
@pytest.mark.parametrize("second", SECONDS)
@pytest.mark.parametrize("first", Event)
@pytest.mark.parametrize("state", sorted(LIVE))
async def test_of_two_events_at_once_one_comes_first(
    theatre: tuple[Stage, str], stage: Stage, state: State, first: Event, second: Event, point: str
) -> None:
    await bring(stage, "task", RACING[state])
    if Event.LOST in {first, second}:
        await stage.expire()
    *answers, won = await race(
        stage.app,
        theatre[1],
        lambda app: stage.happen(first, app),
        lambda app: stage.happen(second, app),
        point,
        meanwhile=stage.row,
    )
    for answer in answers:
        assert not isinstance(answer, BaseException) or (first is Event.RERUN and isinstance(answer, Conflict)), answer
    after = await stage.row()
    assert after["state"] in ends(state, first, second)
    if State(after["state"]) in ENDED:
        assert (after["lease"], after["session_id"], after["pool_slot"], after["alone"]) == (None, None, None, False)
    if State(won["state"]) in ENDED:
        assert after == won, "who comes second changes nothing"
    assert len([line for line in await stage.log() if "reported its end" not in line]) <= 1, "an end is told once"
    await stage.play_on()
