"""Starting runs: by somebody, or by what starts them by itself. Requests that come together share one transaction.

A request that comes alone is served at once; those that come while a transaction is under way wait for it and are then
served together. Each gets its own answer, as if it had come alone.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypeAlias

import msgspec

from ostinato.app import audit, progress
from ostinato.app.application import App
from ostinato.app.beginnings import Begin
from ostinato.app.holding import not_there
from ostinato.core import parameters
from ostinato.core.access import Actor
from ostinato.core.errors import Conflict, Forbidden, Invalid, OstinatoError, Problem, Unavailable
from ostinato.core.ids import GraphId, PlanId, RunId, SubjectId, TaskId, UserId
from ostinato.core.reruns import Part
from ostinato.store import runs, starts
from ostinato.store.audit import By
from ostinato.store.db import REFUSED, Raced, Tx
from ostinato.store.runs import TaskOrPlan

LONGEST_KEY = 200
TAKEN = "This Idempotency-Key has started something else: use another one"
MOST_AT_ONCE = 200
BY_HAND = frozenset({"local", "session"})
"""Credentials of our own application: what is started with them was started by a person."""
PRIORITIES = range(-1_000, 1_001)
Source: TypeAlias = Literal["schedule", "webhook", "data", "backfill"]
WORDS: Mapping[Source, str] = {
    "schedule": "Schedule",
    "webhook": "Webhook trigger",
    "data": "Data trigger",
    "backfill": "Backfill",
}


class AlreadyFired(Conflict):
    """Another server has fired this in the same moment."""


class AtWork(Conflict):
    """It is at work already, and must not overlap."""


class Trigger(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody who starts something may say: values of parameters, a priority instead of the defined one, a key
    under which a repetition starts nothing, and what it is put down to, if the kind of credential does not tell."""

    parameters: Mapping[str, Any] = {}
    priority: int | None = None
    key: str | None = None
    cause: Literal["api"] | None = None


class Again(msgspec.Struct, frozen=True, kw_only=True):
    """What a re-run has beside a trigger."""

    of: RunId
    part: Part
    step: str | None = None
    graph: GraphId | None = None
    version: int | None = None
    parameters: Mapping[str, Any] | None = None


class Guard(msgspec.Struct, frozen=True, kw_only=True):
    """What is taken in the transaction that starts a run, so that whatever it stands for starts one run only.

    `take` takes items together and answers the keys of those that were there to be taken. `done` is told of the runs
    that came of them. `back` gives back those whose start was refused, to be tried again, after refusals of the kind
    `back_after`; other refusals are recorded as runs.
    """

    take: Callable[[Tx, Sequence[Any]], Awaitable[Collection[Any]]]
    done: Callable[[Tx, Sequence[tuple[Any, RunId]]], Awaitable[None]] | None = None
    back: Callable[[Tx, Sequence[Any]], Awaitable[None]] | None = None
    back_after: type[OstinatoError] = OstinatoError
    item: Any
    key: Any


class Fired(msgspec.Struct, frozen=True, kw_only=True):
    """What starts something by itself: which one of its kind, what it hands over beside declared parameters, and why
    nothing is to start, if so."""

    cause: Source
    name: str
    values: Mapping[str, Any] = {}
    graph: GraphId | None = None
    version: int | None = None
    guard: Guard | None = None
    refused: str | None = None

    @property
    def scope(self) -> str:
        """Within which the keys of its fires are known."""
        return f"{self.cause}:{self.name}"


class _Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One request, and where its answer goes."""

    what: TaskOrPlan
    user: UserId
    subject: SubjectId
    trigger: Trigger
    cause: str
    by: By | None
    scope: str
    now: datetime
    fired: Fired | None
    again: Again | None
    answer: "asyncio.Future[RunId]"


async def start(
    app: App, actor: Actor, what: TaskOrPlan, trigger: Trigger, now: datetime, *, again: Again | None = None
) -> RunId:
    """Start a task or plan. Raises NotFound, Forbidden, Invalid, and Conflict if it is disabled, paused or at work.

    The same key from the same user gives the same run again, and starts nothing.
    """
    _check(trigger)
    return await _ask(app, actor, what, trigger, now, scope=f"user:{actor.user}", again=again)


async def fire(app: App, owner: Actor, what: TaskOrPlan, trigger: Trigger, fired: Fired, now: datetime) -> RunId:
    """Start what starts by itself, exactly once for the key of the trigger, whoever asks how often.

    What may not start now, or is refused beforehand, leaves a failed run with reason `misfired` that says why, unless
    its guard takes it back: then the refusal is raised. Raises AlreadyFired if somebody else has taken the guard.
    """
    return await _ask(app, owner, what, trigger, now, scope=fired.scope, fired=fired)


def _check(trigger: Trigger) -> None:
    problems = []
    if trigger.key is not None and not 1 <= len(trigger.key) <= LONGEST_KEY:
        problems.append(Problem(path="Idempotency-Key", message=f"write 1 to {LONGEST_KEY} characters"))
    if trigger.priority is not None and trigger.priority not in PRIORITIES:
        problems.append(Problem(path="priority", message=f"use {PRIORITIES.start} to {PRIORITIES.stop - 1}"))
    if len(trigger.parameters) > parameters.MOST_PARAMETERS:
        problems.append(Problem(path="parameters", message=f"give at most {parameters.MOST_PARAMETERS}"))
    if problems:
        raise Invalid(*problems)


async def _ask(
    app: App,
    actor: Actor,
    what: TaskOrPlan,
    trigger: Trigger,
    now: datetime,
    *,
    scope: str,
    fired: Fired | None = None,
    again: Again | None = None,
) -> RunId:
    answer: asyncio.Future[RunId] = asyncio.get_running_loop().create_future()
    app.asked.append(
        _Asked(
            what=what,
            user=actor.user,
            subject=actor.subject,
            trigger=trigger,
            cause=fired.cause if fired is not None else trigger.cause or ("manual" if actor.kind in BY_HAND else "api"),
            by=audit.by(actor) if fired is None else None,
            scope=scope,
            now=now,
            fired=fired,
            again=again,
            answer=answer,
        )
    )
    if app.serving is None or app.serving.done():
        app.serving = asyncio.create_task(_serve(app))
    return await answer


async def _serve(app: App) -> None:
    """Serve requests until there is none."""
    while app.asked:
        batch, app.asked = app.asked[:MOST_AT_ONCE], app.asked[MOST_AT_ONCE:]
        if not await _serve_together(app, batch):
            for one in batch:
                await _serve_together(app, [one])
        app.wake.set()


async def _serve_together(app: App, batch: Sequence[_Asked]) -> bool:
    """One transaction for these requests; all of them are told when the database does not answer. False: something went
    wrong that one of them may be the cause of, and none has been told."""
    try:
        answers = await app.db.run(lambda tx: _answer(app, tx, batch))
    except BaseException as error:
        if len(batch) > 1 and isinstance(error, Exception) and not isinstance(error, Unavailable):
            return False
        told = Invalid(Problem(path="parameters", message=f"they cannot be stored: {error}"))
        for one in batch:
            _tell(one, told if isinstance(error, REFUSED) else error)
        if not isinstance(error, Exception):
            raise
        return True
    for one, answer in zip(batch, answers, strict=True):
        _tell(one, answer)
    return True


def _tell(one: _Asked, answer: RunId | BaseException) -> None:
    if one.answer.done():
        return
    if isinstance(answer, BaseException):
        one.answer.set_exception(answer)
    else:
        one.answer.set_result(answer)


async def _answer(app: App, tx: Tx, batch: Sequence[_Asked]) -> list[RunId | OstinatoError]:
    """What every request gets: the run it started, or why it started none."""
    now = max(one.now for one in batch)
    answers: dict[int, RunId | OstinatoError] = await _taken_by_others(tx, batch)
    answers |= await _answered_before(tx, batch)
    first: dict[tuple[str, str], int] = {}
    fresh = []
    for number, one in enumerate(batch):
        place = (one.scope, one.trigger.key or "")
        if number not in answers and (one.trigger.key is None or first.setdefault(place, number) == number):
            fresh.append(number)
    locked = {
        row.position: row for row in await starts.lock_wanted(tx, [(batch[n].what, batch[n].subject) for n in fresh])
    }
    wishes: dict[int, starts.Wish] = {}
    for position, number in enumerate(fresh, 1):
        try:
            wishes[number] = _wish(batch[number], locked.get(position))
        except OstinatoError as refusal:
            answers[number] = refusal
    answers |= await _make(app, tx, wishes, {n: locked[p] for p, n in enumerate(fresh, 1) if p in locked}, now)
    answers |= await _misfires(tx, batch, answers, now)
    await _tell_guards(tx, batch, answers)
    await _keep_keys(tx, batch, {n: answers[n] for n in fresh}, now)
    for number, one in enumerate(batch):
        if number not in answers:
            other = first[one.scope, one.trigger.key or ""]
            answers[number] = answers[other] if _wanted(one) == _wanted(batch[other]) else Conflict(TAKEN)
    if app.others:
        await runs.notify(tx, "ready")
    return [answers[number] for number in range(len(batch))]


async def _taken_by_others(tx: Tx, batch: Sequence[_Asked]) -> dict[int, RunId | OstinatoError]:
    """Guards are taken with their fires; the answers of those that somebody else has taken."""
    guards = {
        n: one.fired.guard for n, one in enumerate(batch) if one.fired is not None and one.fired.guard is not None
    }
    answers: dict[int, RunId | OstinatoError] = {}
    for take in dict.fromkeys(guard.take for guard in guards.values()):
        together = {n: guard for n, guard in guards.items() if guard.take is take}
        taken = frozenset(await take(tx, [guard.item for guard in together.values()]))
        answers |= {n: AlreadyFired("another server has fired it") for n, g in together.items() if g.key not in taken}
    return answers


async def _answered_before(tx: Tx, batch: Sequence[_Asked]) -> dict[int, RunId | OstinatoError]:
    """The answers of requests whose keys are known."""
    keys = [(one.scope, one.trigger.key) for one in batch if one.trigger.key is not None]
    kept = await starts.find_keys(tx, keys) if keys else {}
    answers: dict[int, RunId | OstinatoError] = {}
    for number, one in enumerate(batch):
        known = kept.get((one.scope, one.trigger.key)) if one.trigger.key is not None else None
        if known is None:
            continue
        same = one.fired is not None or (known.task, known.plan, known.rerun_of) == _wanted(one)
        answers[number] = known.run if same else Conflict(TAKEN)
    return answers


def _wanted(one: _Asked) -> tuple[TaskId | None, PlanId | None, RunId | None]:
    """What a key belongs to: a task or plan, or the run that is run again."""
    return one.what.task, one.what.plan, one.again.of if one.again is not None else None


def _wish(one: _Asked, found: starts.Locked | None) -> starts.Wish:
    """What is to be made of a request; raises the reason why nothing is."""
    if one.fired is not None and one.fired.refused is not None:
        raise Conflict(one.fired.refused)
    if found is None:
        raise not_there(one.what)
    if not found.may_execute:
        raise Forbidden(f"Starting {found.name!r} needs the permission EXECUTE in its workspace")
    if found.disabled:
        raise Conflict(f"{found.name!r} is disabled: enable it first")
    if found.paused_at is not None:
        raise Conflict(
            f"{found.name!r} is paused since {found.paused_at:%Y-%m-%dT%H:%M:%SZ} by {found.paused_by}: resume it first"
        )
    values, problems = parameters.check(found.parameters, one.trigger.parameters)
    if problems:
        raise Invalid(*problems)
    again, fired = one.again, one.fired
    given = dict((again.parameters if again is not None else fired.values if fired is not None else {}) or {})
    pinned = again or fired
    return starts.Wish(
        what=one.what,
        requested_by=one.user,
        cause=one.cause,
        priority=one.trigger.priority,
        parameters=(parameters.defaults(found.parameters) if one.what.plan is not None else {}) | given | values,
        rerun_of=again.of if again else None,
        rerun_part=again.part if again else None,
        rerun_step=again.step if again else None,
        graph=pinned.graph if pinned else None,
        version=pinned.version if pinned else None,
        by=one.by,
    )


async def _make(
    app: App, tx: Tx, wishes: Mapping[int, starts.Wish], names: Mapping[int, starts.Locked], now: datetime
) -> dict[int, RunId | OstinatoError]:
    """Make the runs; what must not overlap and is at work already starts nothing."""
    numbers = list(wishes)
    made = {row.position: row for row in await starts.start(tx, list(wishes.values()), now)} if wishes else {}
    answers: dict[int, RunId | OstinatoError] = {}
    begun = []
    for position, number in enumerate(numbers, 1):
        row, wish = made.get(position), wishes[number]
        if row is None:
            name = names[number].name
            answers[number] = AtWork(f"{name!r} is already running or queued: wait until it ends, or cancel it")
            continue
        answers[number] = row.run
        if row.graph is not None:
            part = wish.rerun_part or Part.ALL
            begun.append(Begin(run=row.run, graph=row.graph, rerun_of=wish.rerun_of, part=part, step=wish.rerun_step))
    if begun:
        await progress.begin(app, tx, begun, now)
    return answers


async def _misfires(
    tx: Tx, batch: Sequence[_Asked], answers: Mapping[int, RunId | OstinatoError], now: datetime
) -> dict[int, RunId | OstinatoError]:
    """Of what fired and was refused, a run that says so; or its guard is given back."""
    misfired: dict[int, RunId | OstinatoError] = {}
    given_back = defaultdict(list)
    for number, one in enumerate(batch):
        refusal, fired = answers.get(number), one.fired
        if fired is None or not isinstance(refusal, OstinatoError) or isinstance(refusal, AlreadyFired):
            continue
        guard = fired.guard
        if guard is not None and guard.back is not None and isinstance(refusal, guard.back_after):
            given_back[guard.back].append(guard.item)
            continue
        wish = starts.Wish(what=one.what, requested_by=one.user, cause=fired.cause)
        message = f"{WORDS[fired.cause]} {fired.name} fired for {one.trigger.key}, and nothing started: {refusal}"
        run = await starts.misfire(tx, wish, message, now)
        if run is not None:
            misfired[number] = run
    for back, items in given_back.items():
        await back(tx, items)
    return misfired


async def _tell_guards(tx: Tx, batch: Sequence[_Asked], answers: Mapping[int, RunId | OstinatoError]) -> None:
    """What was taken learns of its run."""
    told = defaultdict(list)
    for number, answer in answers.items():
        guard = fired.guard if (fired := batch[number].fired) is not None else None
        if guard is not None and guard.done is not None and not isinstance(answer, OstinatoError):
            told[guard.done].append((guard.item, answer))
    for done, runs_of in told.items():
        await done(tx, runs_of)


async def _keep_keys(
    tx: Tx, batch: Sequence[_Asked], answers: Mapping[int, RunId | OstinatoError], now: datetime
) -> None:
    kept = [
        starts.Kept(
            scope=batch[number].scope,
            key=key,
            run=RunId(answer),
            task=batch[number].what.task,
            plan=batch[number].what.plan,
            rerun_of=_wanted(batch[number])[2],
        )
        for number, answer in answers.items()
        if (key := batch[number].trigger.key) is not None and not isinstance(answer, OstinatoError)
    ]
    if kept and not await starts.keep_keys(tx, kept, now):
        raise Raced
