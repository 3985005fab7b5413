"""One turn of the engine: what workers reported is written down, plans advance, free slots are filled; one commit.

A worker's report counts only under the lease of its attempt. Reports that cannot be applied because the database does
not answer are kept by the caller and applied in a later turn: applying one twice changes nothing.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
import structlog

from ostinato.app import orders, progress
from ostinato.app.application import App, Held
from ostinato.core.contracts import Beat, Finished, Launch, Log, Outcome, Report, Returned, Started
from ostinato.core.ids import Lease, RunId
from ostinato.core.retries import MOST_LOSSES, RetryPolicy, retry_due
from ostinato.core.states import Reason, State
from ostinato.store import attempts, findings, logs, runs
from ostinato.store.db import REFUSED, Tx

log = structlog.get_logger()

START_AFTER = timedelta(milliseconds=20)
"""An attempt that ends sooner than this after it began has no start of its own written down."""
MOST_CLAIMS = 4
"""How often a turn asks for more work when what it was offered had to be held."""


async def take_turn(app: App, reports: Sequence[Report], free_slots: int, now: datetime) -> list[Launch]:
    """Apply `reports` and claim work for `free_slots`; returns the attempts to start. Raises Unavailable."""
    try:
        held = await _turn(app, reports, free_slots, now)
    except REFUSED as error:
        log.warning("reports.refused", error=str(error), reports=len(reports))
        await _one_by_one(app, reports, now)
        return []
    if held:
        app.last_claim_at = now
    for run, attempt in held.items():
        app.held[run] = attempt
    return [attempt.launch for attempt in held.values()]


def hear(app: App, report: Report) -> bool:
    """Keep at hand what is not worth a row: when an attempt began, how far it is. True: the rest is to be stored."""
    held = app.held.get(report.run)
    if held is not None and held.launch.lease == report.lease:
        if isinstance(report, Started):
            held.started_at = _instant(app, report.at)
            app.unstarted[report.lease] = report.run
        elif isinstance(report, Beat) and report.rows is not None:
            held.rows, held.total = report.rows, report.total
    return not isinstance(report, Beat | Started)


async def rescue(app: App, now: datetime) -> int:
    """Take back the attempts of servers that are gone; how many there were."""

    async def work(tx: Tx) -> int:
        moved = await attempts.rescue(tx, now, MOST_LOSSES)
        if moved:
            notes = [(run.run, f"The server that ran this attempt is gone: {run.state.lower()}") for run in moved]
            await logs.note(tx, notes, now)
            await progress.advance(app, tx, moved, now)
        return len(moved)

    return await app.db.run(work)


async def release(app: App, now: datetime) -> int:
    """Give back the attempts this server holds, because it stops in good order; how many there were."""
    session = app.session
    if session is None:
        return 0

    async def work(tx: Tx) -> int:
        moved = await attempts.release(tx, session, now)
        notes = [(run.run, "The server stopped: the attempt ended and will start again") for run in moved]
        await logs.note(tx, notes, now)
        await progress.advance(app, tx, moved, now)
        return len(moved)

    released = await app.db.run(work)
    app.held.clear()
    return released


async def _turn(app: App, reports: Sequence[Report], free_slots: int, now: datetime) -> dict[RunId, Held]:
    """One transaction; forgets the attempts that ended in it and returns the ones that were claimed."""
    finished = {report.lease: report for report in reports if isinstance(report, Finished)}
    returned = {report.lease: report for report in reports if isinstance(report, Returned)}
    begun = _begun(app, finished, now)

    async def work(tx: Tx) -> dict[RunId, Held]:
        await _record(app, tx, reports, begun)
        moved = await _finish(app, tx, list(finished.values()), now) if finished else []
        if returned:
            rows = [attempts.HeldRow(run=report.run, lease=lease) for lease, report in returned.items()]
            moved += await attempts.give_back(tx, rows, now)
        if moved:
            await progress.advance(app, tx, moved, now)
        return await _claim(app, tx, free_slots, now) if free_slots > 0 and app.session is not None else {}

    claimed = await app.db.run(work)
    for start in begun:
        app.unstarted.pop(start.lease, None)
    over = {lease: report.run for lease, report in finished.items()} | {
        lease: report.run for lease, report in returned.items()
    }
    for lease, run in over.items():
        app.unstarted.pop(lease, None)
        held = app.held.get(run)
        if held is not None and held.launch.lease == lease:
            del app.held[run]
    return claimed


def _begun(app: App, finished: Mapping[Lease, Finished], now: datetime) -> list[attempts.StartReport]:
    """The starts that are to be written down: of attempts that have been at work for a while."""
    begun = []
    for lease, run in app.unstarted.items():
        held = app.held.get(run)
        if held is None or held.launch.lease != lease or held.started_at is None:
            begun.append(
                attempts.StartReport(run=run, lease=lease, at=now)
            )  # fenced: it matches nothing, and is forgotten
        elif lease not in finished and held.started_at + START_AFTER <= now:
            begun.append(attempts.StartReport(run=run, lease=lease, at=held.started_at))
    return begun


async def _record(app: App, tx: Tx, reports: Sequence[Report], begun: Sequence[attempts.StartReport]) -> None:
    """Write down beginnings and log lines."""
    if begun:
        await attempts.started(tx, begun)
    lines = [
        logs.Line(
            run=report.run, lease=report.lease, at=_instant(app, line.at), text=line.text, number=report.first + number
        )
        for report in reports
        if isinstance(report, Log)
        for number, line in enumerate(report.lines)
    ]
    if lines:
        await logs.append(tx, lines)


async def _finish(app: App, tx: Tx, finished: Sequence[Finished], now: datetime) -> list[runs.Moved]:
    """End the attempts, keep what checks found, and say in the log what failed and when it is tried again."""
    reports = [_end_report(app, report, now) for report in finished]
    moved = await attempts.finish(tx, reports, now)
    outcomes = {report.lease: report for report in finished}
    ended = [(run, outcomes[run.lease]) for run in moved if run.lease is not None]
    kept = {run.run: report.outcome.findings for run, report in ended if report.outcome.findings}
    if kept:
        await findings.keep(tx, kept)
    notes = [(run.run, text) for run, report in ended if (text := _note_of(run, report))]
    if notes:
        await logs.note(tx, notes, now)
    if len(moved) < len(finished):
        applied = {run.lease for run in moved}
        await _record_late(tx, [report for report in finished if report.lease not in applied], now)
    for end in reports:
        if end.due_at is not None:
            app.expect(end.due_at)
    return moved


async def _record_late(tx: Tx, reports: Sequence[Finished], now: datetime) -> None:
    late = [
        logs.Late(
            run=report.run,
            lease=report.lease,
            attempt=report.attempt,
            text="succeeded" if report.outcome.succeeded else str(report.outcome.reason),
        )
        for report in reports
    ]
    await logs.note_late(tx, late, now)


def _note_of(run: runs.Moved, report: Finished) -> str | None:
    outcome = report.outcome
    if run.state is State.QUEUED:
        return f"Attempt {report.attempt} failed ({outcome.reason}): {outcome.message}; another will follow"
    if run.state is not State.SUCCEEDED and outcome.message:
        return f"{run.state.capitalize()} ({outcome.reason}): {outcome.message}"
    return None


def _end_report(app: App, report: Finished, now: datetime) -> attempts.EndReport:
    """What an outcome makes of the run: its end, or another try."""
    held = app.held.get(report.run)
    outcome = report.outcome
    target, due = State.SUCCEEDED if outcome.succeeded else State.FAILED, None
    if outcome.reason is Reason.CANCEL_REQUESTED:
        target = State.CANCELLED
    elif outcome.reason is Reason.LOST:
        target, due = _after_loss(held, now)
    elif not outcome.succeeded:
        tries = report.attempt - (held.losses if held else 0)  # what was lost says nothing about the work
        due = retry_due(held.retries if held else RetryPolicy(), tries, outcome.reason, now)
        target = State.QUEUED if due else State.FAILED
    started = _instant(app, report.started) if report.started is not None else held.started_at if held else None
    return attempts.EndReport(
        run=report.run,
        lease=report.lease,
        target=target,
        reason=outcome.reason if not outcome.succeeded else None,
        message=outcome.message,
        row_count=outcome.rows,
        counts=dict(outcome.counts),
        started_at=started,
        at=_instant(app, report.at),
        due_at=due,
    )


def _after_loss(held: Held | None, now: datetime) -> tuple[State, datetime | None]:
    if held is None or held.retries.on_lost == "fail" or held.losses + 1 > MOST_LOSSES:
        return State.FAILED, None
    return State.QUEUED, now


async def _claim(app: App, tx: Tx, slots: int, now: datetime) -> dict[RunId, Held]:
    assert app.session is not None, "a server claims only within a session"
    held: dict[RunId, Held] = {}
    for _ in range(MOST_CLAIMS):
        claimed, unusable, passed_over = await attempts.claim(tx, app.session, slots - len(held))
        held |= await orders.make(app, tx, claimed, now)
        if unusable:
            await _quarantine(app, tx, unusable, now)
        if not passed_over or len(held) >= slots:
            return held
    app.wake.set()
    return held


async def _quarantine(app: App, tx: Tx, unusable: Sequence[attempts.Unusable], now: datetime) -> None:
    """End runs whose tasks cannot be read, so that they hold nobody up."""
    reports = [
        Finished(
            run=one.run,
            attempt=0,
            lease=one.lease,
            at=now.timestamp(),
            outcome=Outcome(succeeded=False, reason=Reason.INVALID, message=f"Its task cannot be read: {one.why}"),
        )
        for one in unusable
    ]
    await progress.advance(app, tx, await _finish(app, tx, reports, now), now)


async def _one_by_one(app: App, reports: Sequence[Report], now: datetime) -> None:
    """Apply each report for itself, so that one the database refuses does not hold up the others."""
    for report in reports:
        try:
            await _turn(app, [report], 0, now)
        except REFUSED as error:
            log.error("report.refused", run=report.run, kind=type(report).__name__, error=str(error))
            if not isinstance(report, Finished):
                continue
            outcome = Outcome(succeeded=False, reason=Reason.ERROR, message=f"The result could not be stored: {error}")
            try:
                await _turn(app, [msgspec.structs.replace(report, outcome=outcome)], 0, now)
            except REFUSED as again:
                log.error("report.dropped", run=report.run, error=str(again))  # the others must not wait behind it


def _instant(app: App, seconds: float) -> datetime:
    """When something was, by the time that the servers share; workers tell it by the clock of this machine."""
    return app.now() - timedelta(seconds=max(0.0, time.time() - seconds))
