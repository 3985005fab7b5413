"""A run as a stream of events, until it has ended."""

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any

import msgspec
from litestar import Request, get
from litestar.datastructures import State as ServerState
from litestar.openapi import ResponseSpec
from litestar.params import HeaderParameter, QueryParameter
from litestar.response.base import ASGIResponse

from ostinato.api.authentication import credential_of
from ostinato.api.dependencies import TheActor, TheApp
from ostinato.api.native import errors, translate, wire
from ostinato.api.native.parameters import RunNumber, known, refusals
from ostinato.api.native.streams import MEDIA_TYPE, EventStream, NothingMore, Streams, first_of
from ostinato.app import access, following, waiting
from ostinato.app.application import App
from ostinato.app.following import Following, News
from ostinato.core.access import Actor, Permission
from ostinato.core.errors import Invalid, OstinatoError, Problem, Unavailable
from ostinato.core.ids import RunId
from ostinato.store.runs import Seen

LOOK_SECONDS = 1.0
"""Between two looks, of about three statements; what this server ends is told at once."""
LOOKING_SHARE = 10
"""A look that takes long, at a large tree, is followed by a pause of so many times that."""
LONGEST_PAUSE = 10.0
HEARTBEAT_SECONDS = 15.0
RETRY = b"retry: 2000\n\n"
HEARTBEAT = b": still here\n\n"
CURSOR = re.compile(r"([0-9]{1,19})-([0-9a-f]{1,16})?(-end)?")
EVENTS = ResponseSpec(
    data_container=wire.StreamEvent,
    description="Events `run`, `child`, `progress`, `log`, `refused` and `end`; see the guide to following runs.",
    media_type=MEDIA_TYPE,
    generate_examples=False,
)
HAD_IT = ResponseSpec(data_container=None, description="The client has had the end already.", generate_examples=False)


@dataclass(slots=True)
class Told:
    """One stream: who it is for, and how far it is."""

    app: App
    actor: Actor
    check: Callable[[], Awaitable[Actor]]
    """Who the credential belongs to by now; raises what a new request would be refused with."""
    far: Following
    cursor: str = ""
    progress: dict[RunId, wire.Progress | None] = field(default_factory=dict)


@get(
    "/runs/{run_id:int}/events",
    needs=Permission.VIEW,
    operation_id="followRun",
    summary="A run as a stream of events, until it has ended",
    responses={200: EVENTS, 204: HAD_IT, **refusals(401, 404, 422, 429, 503)},
)
async def follow_run(
    app: TheApp,
    actor: TheActor,
    state: ServerState,
    request: Request[Actor, Any, Any],
    run_id: RunNumber,
    logs: Annotated[bool, QueryParameter(description="Send the lines of its log as well.")] = False,
    last: Annotated[
        str | None,
        HeaderParameter(name="Last-Event-ID", max_length=100, description="Go on after the event that had this id."),
    ] = None,
) -> ASGIResponse:
    """Server-sent events. It begins with how everything stands; after `Last-Event-ID`, with what is new since."""
    run, streams = known(run_id), _streams(state)
    streams.check(actor.user)
    if app.stopping.is_set():
        raise Unavailable("The server is stopping: try again in a moment")
    line, digest, had_end = _read_cursor(last)
    far = Following(run=run, line=line if logs else None, digest=digest)
    begun = await following.look(app, actor, far)
    if had_end and begun.end is not None and not begun.moved:
        return NothingMore()

    async def check() -> Actor:
        key, _ = credential_of(request.scope)
        found = await access.authenticate(app, key, actor.address, actor.trace)
        found.require(Permission.VIEW)
        return found

    told = Told(app=app, actor=actor, check=check, far=far, cursor=last or "0-")
    return EventStream(streams, actor.user, lambda gone: _tell(told, begun, gone))


async def _tell(told: Told, news: News | None, gone: asyncio.Event) -> AsyncGenerator[bytes]:
    """Everything from the first look on."""
    loop = asyncio.get_running_loop()
    spoke, took = loop.time(), 0.0
    yield RETRY
    while True:
        happened = told.app.watch(told.far.run)
        if news is None:
            began = loop.time()
            try:
                told.actor = await told.check()
                news = await following.look(told.app, told.actor, told.far)
            except Unavailable:
                pass  # the database is away for a moment; it is asked again
            except OstinatoError as refusal:
                yield _event("refused", _refusal(refusal))
                return
            took = loop.time() - began
        if news is not None and (said := b"".join(_said(told, news))):
            yield said
            spoke = loop.time()
        if news is not None and news.end is not None:
            told.app.forget(told.far.run)
            yield _event("end", _whole(told, news.end, news), f"{told.cursor.removesuffix('-end')}-end")
            return
        if news is None or not news.more:
            pause = min(max(LOOK_SECONDS, took * LOOKING_SHARE), LONGEST_PAUSE)
            await first_of(min(pause, spoke + HEARTBEAT_SECONDS - loop.time()), happened, told.app.stopping, gone)
        if gone.is_set() or told.app.stopping.is_set():
            return
        if loop.time() - spoke >= HEARTBEAT_SECONDS:
            yield HEARTBEAT
            spoke = loop.time()
        news = None


def _said(told: Told, news: News) -> Iterator[bytes]:
    """One look as events. The cursor of each says how far the client is that has read it."""
    _, digest, _ = _read_cursor(told.cursor)
    line, standing = _line_of(told), f"{digest:x}" if digest is not None else ""
    for one in news.lines:
        told.cursor = f"{one.seq}-{standing}"
        yield _event("log", msgspec.json.encode(translate.log_line(one)), told.cursor)
    if news.moved:
        standing = ""
    for place, seen in enumerate(news.moved, 1):
        if place == len(news.moved) and told.far.digest is not None:
            standing = f"{told.far.digest:x}"
        told.cursor = f"{line}-{standing}"
        if seen.run == told.far.run:
            yield _event("run", _whole(told, seen, news), told.cursor)
        else:
            body = msgspec.json.encode(translate.part_of(told.app, seen, news.waits, told.far.graphs))
            yield _event("child", body, told.cursor)
    for run in told.app.held.keys() & told.far.marks.keys():
        now = translate.progress(told.app, run)
        if now is not None and told.progress.get(run) != now:
            told.progress[run] = now
            yield _event("progress", msgspec.json.encode({"run": run, "rows": now.rows, "total": now.total}))


def _whole(told: Told, seen: Seen, news: News) -> bytes:
    """The run that is followed, as a request for it would show it."""
    return msgspec.json.encode(translate.run(told.app, waiting.Told(run=seen, waits=news.waits.get(seen.run))))


def _line_of(told: Told) -> int:
    """The last line that was told; where lines are not wanted, what the client had before."""
    return told.far.line if told.far.line is not None else _read_cursor(told.cursor)[0]


def _event(name: str, data: bytes, cursor: str | None = None) -> bytes:
    """JSON has no line breaks of its own, so the data is one line."""
    known_as = f"id: {cursor}\n".encode() if cursor is not None else b""
    return known_as + f"event: {name}\n".encode() + b"data: " + data + b"\n\n"


def _refusal(error: OstinatoError) -> bytes:
    told = errors.refuse(error)
    return msgspec.json.encode({"status": told.status if told else 500, "detail": told.detail if told else ""})


def _read_cursor(text: str | None) -> tuple[int, int | None, bool]:
    """The last line, what the states were like, and whether that was the end; raises Invalid."""
    if not text:
        return 0, None, False
    found = CURSOR.fullmatch(text)
    if found is None or int(found[1]) > wire.LARGEST:
        raise Invalid(Problem(path="Last-Event-ID", message="send the id of an event of this stream, or leave it out"))
    return int(found[1]), int(found[2], 16) if found[2] else None, found[3] is not None


def _streams(state: ServerState) -> Streams:
    found: Streams = state.streams
    return found
