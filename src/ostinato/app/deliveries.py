"""What happened to runs is put into the queues of webhooks, and delivered from there.

Ending a run costs nothing for it: ends are found afterwards, by looking. Nothing can be missed, for a run that leaves
the live tables is looked at once more in the transaction that moves it; and nothing is told twice, for the queue
takes each event of a run once. A message is delivered at least once, always under the same name.
"""

import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta
from secrets import SystemRandom

import structlog

from ostinato.app import messages
from ostinato.app.application import App
from ostinato.app.outbound import Answer, NotSent
from ostinato.core.errors import OstinatoError
from ostinato.core.ids import RunId, WebhookId
from ostinato.core.outbound import read_url
from ostinato.core.webhooks import DeliveryState, retry_after, signatures
from ostinato.store import audit, webhooks
from ostinato.store.audit import By, Entry
from ostinato.store.db import Tx
from ostinato.store.webhooks import Due, Message, Settled, Untold

log = structlog.get_logger()

OVERLAP = timedelta(seconds=30)
"""How late a transaction may commit the end of a run and still be seen by the next look."""
SWEEP = timedelta(minutes=2)
"""Between two looks at all live runs, for ends that come later still: reports wait while the database is away."""
MOST_EVENTS = 500
"""Of one transaction."""
MOST_WAITING = 10_000
"""In the queue of a webhook; what comes beyond is dropped, and its log says so."""
MOST_OF_ONE = 4
"""Messages that are sent to one receiver at a time, by all servers."""
CLAIM = timedelta(seconds=30)
"""After it, an attempt that nothing was heard of is made again. Longer than any attempt takes."""
PATIENCE = timedelta(days=5)
"""How long a receiver may only fail before it is disabled."""
LOG_LIFE = timedelta(days=30)
MOST_FORGOTTEN = 10_000
LONGEST_ANSWER = 500
GONE = 410
SERVER = By(actor="the server", user=None, credential=None, address=None, trace=None)
CHANCE = SystemRandom()


async def gather(app: App, now: datetime) -> int | None:
    """Put what happened into the queues; how many messages. None: no webhook is active. One server looks at a time."""
    async with app.db.reading() as tx:
        wants = await webhooks.wants(tx)
    if wants is None:
        return None
    found: webhooks.Wants = wants
    reached: datetime | None = None

    async def work(tx: Tx) -> tuple[int, datetime | None]:
        look = await webhooks.lock_look(tx)
        if look is None:
            return 0, None
        sweep = look.swept_at + SWEEP <= now
        since = found.since if sweep else max(found.since, min(look.until_at, now) - OVERLAP)
        ends = await webhooks.untold_ends(tx, reached or since, MOST_EVENTS)
        starts = await webhooks.untold_starts(tx, MOST_EVENTS) if found.starts else []
        inside = await webhooks.untold_inside(tx, since, MOST_EVENTS) if found.tasks else []
        queued = await _queue(app, tx, [*ends, *starts, *inside], now)
        if queued > 0 and MOST_EVENTS in (len(ends), len(starts), len(inside)):
            return queued, ends[-1].reached if ends else since
        await webhooks.looked(tx, now, swept=sweep)
        return queued, None

    total = 0
    while True:
        queued, reached = await app.db.run(work)
        total += queued
        if reached is None:
            return total


async def gather_leaving(app: App, tx: Tx, roots: Sequence[RunId], now: datetime) -> int:
    """The same for trees of runs that leave the live tables in this transaction."""
    if await webhooks.wants(tx) is None:
        return 0
    return await _queue(app, tx, await webhooks.untold_of_trees(tx, roots), now)


async def claim(app: App, now: datetime, room: int) -> list[Due]:
    """Take messages that are due, for one attempt each."""
    if room <= 0:
        return []

    async def work(tx: Tx) -> list[Due]:
        return await webhooks.claim(tx, now, now + CLAIM, room, MOST_OF_ONE)

    return await app.db.run(work)


async def deliver(app: App, due: Due, now: datetime) -> None:
    """Make one attempt, and write down how it ended."""
    answer: Answer | None = None
    try:
        answer = await _send(app, due, now)
        error = _why_not_taken(answer)
    except (NotSent, OstinatoError) as refusal:
        error = str(refusal)
    await _settle(app, due, answer, error, now)


async def forget(app: App, now: datetime) -> int:
    """Old messages leave the log; how many."""

    async def work(tx: Tx) -> int:
        return await webhooks.forget(tx, now - LOG_LIFE, MOST_FORGOTTEN)

    total = 0
    while forgotten := await app.db.run(work):
        total += forgotten
    return total


async def _queue(app: App, tx: Tx, untold: Sequence[Untold], now: datetime) -> int:
    if not untold:
        return 0
    seen = {run.run: run for run in await webhooks.runs(tx, sorted({one.run for one in untold}))}
    told = []
    for one in untold:
        if one.run in seen:
            name = messages.new_name()
            body = messages.about_run(app, name, one.webhook, one.event, one.at, seen[one.run])
            told.append(Message(webhook=one.webhook, message=name, event=one.event, run=one.run, body=body))
    return await webhooks.queue(tx, told, MOST_WAITING, now)


async def _send(app: App, due: Due, now: datetime) -> Answer:
    """Raises NotSent, Conflict, Invalid."""
    target = read_url("url", unseal(app, due.webhook, "url", due.url), allow_http=app.outbound.allow_http)
    sealed = [due.secret, *([due.old_secret] if due.old_secret is not None else [])]
    keys = [unseal(app, due.webhook, "secret", secret) for secret in sealed]
    headers = {
        "content-type": "application/json",
        "webhook-id": due.message,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signatures(keys, due.message, now, due.body),
    }
    return await app.outbound.post(target, due.body.encode(), headers)


async def _settle(app: App, due: Due, answer: Answer | None, error: str | None, now: datetime) -> None:
    gone = "The receiver answered 410 Gone" if answer is not None and answer.status == GONE else None
    wait = None if error is None or gone else retry_after(due.failures + 1, CHANCE.random())
    state = DeliveryState.SUCCEEDED if error is None else DeliveryState.WAITING if wait else DeliveryState.FAILED
    end = Settled(
        delivery=due.id,
        attempt=due.attempts,
        state=state,
        due_at=now + wait if wait is not None else None,
        status=answer.status if answer is not None else None,
        error=error,
        answer=_excerpt(answer.body) if answer is not None else None,
    )

    async def work(tx: Tx) -> None:
        webhook = await webhooks.settle(tx, end, now)
        if webhook is None:
            return
        if error is None:
            await webhooks.succeeded(tx, webhook)
        else:
            await _note_failure(tx, webhook, gone, now)

    await app.db.run(work)


async def _note_failure(tx: Tx, webhook: WebhookId, gone: str | None, now: datetime) -> None:
    """Disable what is gone, or has only failed for days: nobody listens there."""
    too_long = f"The receiver has taken nothing for {PATIENCE.days} days"
    after = await webhooks.failed(tx, webhook, now, gone=gone, not_since=now - PATIENCE, too_long=too_long)
    if after is not None and after.disabled:
        entry = Entry(
            action="disable",
            kind="webhook",
            target=after.shown_url,
            environment=after.environment,
            workspace=after.workspace,
            after={"id": webhook, "reason": after.disabled_reason},
        )
        await audit.write(tx, SERVER, [entry], now)
        log.warning("webhook.disabled", webhook=webhook, reason=after.disabled_reason)


def seal(app: App, webhook: WebhookId, what: str, text: str) -> str:
    return app.keyring.encrypt(text, "webhook", webhook, what)


def unseal(app: App, webhook: WebhookId, what: str, sealed: str) -> str:
    """Raises Conflict if the key is not there any more."""
    return app.keyring.decrypt(sealed, "webhook", webhook, what)


def _why_not_taken(answer: Answer) -> str | None:
    if 200 <= answer.status < 300:
        return None
    if 300 <= answer.status < 400:
        return f"The receiver answered {answer.status}: redirects are not followed, write down where it leads"
    return f"The receiver answered {answer.status}"


def _excerpt(body: bytes) -> str:
    """The beginning of an answer, as text that can be stored and looked at."""
    letters = (
        letter if letter in "\n\t" or unicodedata.category(letter)[0] != "C" else " "
        for letter in body.decode("utf-8", "replace")[:LONGEST_ANSWER]
    )
    return "".join(letters)
