"""One turn of the engine: what workers reported is written down, plans advance, free slots are filled; one commit.

A worker's report counts only under the lease of its attempt. Reports that cannot be applied because the database does
not answer are kept by the caller and applied in a later turn: applying one twice changes nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec
import structlog

from ostinato.app import progress
from ostinato.app.application import App, Held
from ostinato.core.contracts import Beat, Finished, Launch, Log, OpenOrder, Outcome, Report, Started, WorkOrder
from ostinato.core.errors import Conflict
from ostinato.core.ids import Lease, RunId
from ostinato.core.retries import MOST_LOSSES, RetryPolicy, retry_due
from ostinato.core.states import Reason, State
from ostinato.store import connections, findings, logs, runs
from ostinato.store.db import REFUSED, Tx

log = structlog.get_logger()


async def take_turn(app: App, reports: Sequence[Report], free_slots: int, now: datetime) -> list[Launch]:
    """Apply `reports` and claim work for `free_slots`; returns the attempts to start. Raises Unavailable."""
    try:
        held = await _turn(app, reports, free_slots, now)
    except REFUSED as error:
        log.warning("reports.refused", error=str(error), reports=len(reports))
        await _one_by_one(app, reports, now)
        return []
    for run, attempt in held.items():
        app.held[run] = attempt
    return [attempt.launch for attempt in held.values()]


def hear(app: App, report: Report) -> bool:
    """Keep at hand what is not worth a row: when an attempt began, how far it is. True: the rest is to be stored."""
    held = app.held.get(report.run)
    if held is not None and held.launch.lease == report.lease:
        if isinstance(report, Started):
            held.started_at = _instant(report.at)
        elif isinstance(report, Beat) and report.rows is not None:
            held.rows, held.total = report.rows, report.total
    return not isinstance(report, Beat)


async def rescue(app: App, now: datetime) -> int:
    """Take back the attempts of servers that are gone; how many there were."""

    async def work(tx: Tx) -> int:
        moved = await runs.rescue(tx, now, MOST_LOSSES)
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
        moved = await runs.release(tx, session, now)
        await logs.note(
            tx, [(run.run, "The server stopped: the attempt ended and will start again") for run in moved], now
        )
        await progress.advance(app, tx, moved, now)
        return len(moved)

    released = await app.db.run(work)
    app.held.clear()
    return released


async def _turn(app: App, reports: Sequence[Report], free_slots: int, now: datetime) -> dict[RunId, Held]:
    """One transaction; forgets the attempts that ended in it and returns the ones that were claimed."""
    finished = {report.lease: report for report in reports if isinstance(report, Finished)}

    async def work(tx: Tx) -> dict[RunId, Held]:
        await _record(tx, reports, finished)
        moved = (
            await runs.finish(tx, [_end_report(app, report, now) for report in finished.values()]) if finished else []
        )
        if moved:
            await _record_ends(app, tx, moved, finished, now)
            await progress.advance(app, tx, moved, now)
        return await _claim(app, tx, free_slots, now) if free_slots > 0 and app.session is not None else {}

    claimed = await app.db.run(work)
    for report in finished.values():
        held = app.held.get(report.run)
        if held is not None and held.launch.lease == report.lease:
            del app.held[report.run]
    return claimed


async def _record(tx: Tx, reports: Sequence[Report], finished: Mapping[Lease, Finished]) -> None:
    """Write down beginnings (of what has not ended as well) and log lines."""
    begun = [r for r in reports if isinstance(r, Started) and r.lease not in finished]
    if begun:
        await runs.started(tx, [runs.StartReport(run=r.run, lease=r.lease, at=_instant(r.at)) for r in begun])
    lines = [
        logs.Line(run=report.run, lease=report.lease, at=_instant(line.at), text=line.text)
        for report in reports
        if isinstance(report, Log)
        for line in report.lines
    ]
    if lines:
        await logs.append(tx, lines)


async def _record_ends(
    app: App, tx: Tx, moved: Sequence[runs.Moved], finished: Mapping[Lease, Finished], now: datetime
) -> None:
    """Keep what checks found, and say in the log what failed and when it is tried again."""
    outcomes = {run.run: finished[run.lease].outcome for run in moved if run.lease is not None}
    kept = {run: outcome.findings for run, outcome in outcomes.items() if outcome.findings}
    if kept:
        await findings.keep(tx, kept)
    notes = []
    for run in moved:
        outcome = outcomes[run.run]
        if run.state is State.QUEUED:
            held = app.held.get(run.run)
            number = held.launch.attempt if held else ""
            notes.append(
                (run.run, f"Attempt {number} failed ({outcome.reason}): {outcome.message}; another will follow")
            )
        elif run.state is not State.SUCCEEDED and outcome.message:
            notes.append((run.run, f"{run.state.capitalize()} ({outcome.reason}): {outcome.message}"))
    if notes:
        await logs.note(tx, notes, now)


def _end_report(app: App, report: Finished, now: datetime) -> runs.EndReport:
    """What an outcome makes of the run: its end, or another try."""
    held = app.held.get(report.run)
    outcome = report.outcome
    target, due = State.SUCCEEDED if outcome.succeeded else State.FAILED, None
    if outcome.reason is Reason.CANCEL_REQUESTED:
        target = State.CANCELLED
    elif outcome.reason is Reason.LOST:
        target, due = _after_loss(held, now)
    elif not outcome.succeeded:
        due = retry_due(held.retries if held else RetryPolicy(), report.attempt, outcome.reason, now)
        target = State.QUEUED if due else State.FAILED
    return runs.EndReport(
        run=report.run,
        lease=report.lease,
        target=target,
        reason=outcome.reason if not outcome.succeeded else None,
        message=outcome.message,
        row_count=outcome.rows,
        counts=dict(outcome.counts),
        started_at=held.started_at if held else None,
        at=_instant(report.at),
        due_at=due,
    )


def _after_loss(held: Held | None, now: datetime) -> tuple[State, datetime | None]:
    if held is None or held.retries.on_lost == "fail" or held.losses + 1 > MOST_LOSSES:
        return State.FAILED, None
    return State.QUEUED, now


async def _claim(app: App, tx: Tx, slots: int, now: datetime) -> dict[RunId, Held]:
    assert app.session is not None, "a server claims only within a session"
    claimed = await runs.claim(tx, app.session, now, slots)
    wanted = {(run.workspace, name) for run in claimed for name in run.uses}
    sealed = await connections.for_launch(tx, sorted(wanted)) if wanted else []
    found = {(connection.workspace, connection.name): connection for connection in sealed}
    held = {}
    for run in claimed:
        order = WorkOrder(
            run=run.run,
            attempt=run.attempt,
            lease=run.lease,
            task_type=run.task_type,
            task_name=run.task_name,
            config=run.config,
            connections={n: _open_order(app, found[run.workspace, n]) for n in run.uses if (run.workspace, n) in found},
        )
        launch = Launch(run=run.run, attempt=run.attempt, lease=run.lease, engine="local", timeout_s=run.timeout_s)
        held[run.run] = Held(launch=launch, losses=run.losses, retries=run.retries, order=order)
    return held


def _open_order(app: App, connection: connections.Sealed) -> OpenOrder:
    """Decrypt the secrets of one connection; one that cannot be decrypted is left out, and opening it will say so."""
    clear = {}
    for field, text in connection.secrets.items():
        try:
            clear[field] = app.keyring.decrypt(text, connection.workspace, connection.name, field)
        except Conflict as error:
            log.error("secret.unreadable", connection=connection.name, field=field, error=str(error))
    return OpenOrder(type=connection.type, config={**connection.config, **clear}, secrets=tuple(clear.values()))


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
            await _turn(app, [msgspec.structs.replace(report, outcome=outcome)], 0, now)


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
