"""Runs attempts in warm worker processes on the server's own machine, one attempt per process at a time.

A worker that dies fails only its own attempt, and a new one takes its place. A worker that was told to end an attempt
is not used again.
"""

import asyncio
import math
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

import msgspec
import structlog

from ostinato.core.contracts import ContentSource, Finished, Launch, Outcome, Report, Returned, Started, WorkOrder
from ostinato.core.frames import HELLO, BrokenFrame, Frames, encode, report_frames
from ostinato.core.ids import Lease, RunId
from ostinato.core.states import Reason

log = structlog.get_logger()

KILL_AFTER_SECONDS = 8.0
"""A worker that was told to end an attempt has this long; then it is killed."""
RESTART_SECONDS = 1.0
"""A worker that could not be started is tried again after this: what hinders it may pass."""
START_SECONDS = 60.0
DRAIN_SECONDS = 0.5
"""What a worker sent before it ended is heard for this long."""
AHEAD_SECONDS = 0.02
"""So much work is taken beforehand, by the pace of the workers just now: none, unless attempts are short."""
MOST_AHEAD = 250
MEMORY_SECONDS = 0.1
"""Over how long the workers' pace is averaged."""
WAIT_SECONDS = 0.5
"""What was taken beforehand and has not begun after this is given back: what is before it is not short after all."""


class Worker:
    """One worker process, seen from the server."""

    def __init__(self, process: asyncio.subprocess.Process, writer: asyncio.StreamWriter, kill_after_s: float) -> None:
        self.process, self.writer = process, writer
        self._kill_after_s = kill_after_s
        self.launch: Launch | None = None
        self.ending: Reason | None = None
        """Why the attempt at work was told to end."""
        self.deadline: asyncio.TimerHandle | None = None

    def end(self, reason: Reason) -> None:
        """Tell the worker to end its attempt; insist after a while."""
        if self.ending is None and self.process.returncode is None:
            self.ending = reason
            self.process.send_signal(signal.SIGTERM)
            asyncio.get_running_loop().call_later(self._kill_after_s, self.kill)

    def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()


async def _no_pace() -> None:
    """Nobody has to wait."""


class LocalExecutor:
    """A pool of warm worker processes. `tell` is called with every report; `order_of` gives what a worker needs, or
    nothing if the attempt is not ours any more; `pace`
    is waited for between reports, so that workers cannot say more than is stored."""

    def __init__(
        self,
        *,
        slots: int,
        folder: Path,
        order_of: Callable[[RunId], WorkOrder | None],
        tell: Callable[[Report], None],
        pace: Callable[[], Awaitable[None]] = _no_pace,
        kill_after_s: float = KILL_AFTER_SECONDS,
        artifacts: ContentSource | None = None,
    ) -> None:
        self._artifacts = artifacts
        self._slots, self._folder, self._order_of, self._tell = slots, folder, order_of, tell
        self._pace, self._kill_after_s = pace, kill_after_s
        self._idle: list[Worker] = []
        self._busy: dict[Lease, Worker] = {}
        self._waiting: dict[Lease, Launch] = {}
        self._pace_of_work = Pace()
        self._impatience: asyncio.TimerHandle | None = None
        self._workers: set[Worker] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._fetching: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()

    async def start(self) -> None:
        """Start all workers; an attempt that was cut off by an earlier death of the server leaves nothing behind."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True, mode=0o700)
        for _ in range(self._slots):
            self._spawn()

    async def stop(self) -> None:
        """Tell every worker to end, insist, and wait until the last one is gone."""
        self._stopping.set()
        for fetching in self._fetching:
            fetching.cancel()
        for worker in self._workers:
            worker.end(Reason.SHUTDOWN)
        while self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=self._kill_after_s + 1)
            if late:
                for worker in self._workers:
                    worker.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def submit(self, launches: Iterable[Launch]) -> None:
        for launch in launches:
            self._waiting[launch.lease] = launch
        while self._idle and self._waiting:
            self._offer(self._idle.pop())
        if self._waiting and self._impatience is None:
            self._impatience = asyncio.get_running_loop().call_later(WAIT_SECONDS, self._give_back, set(self._waiting))

    def cancel(self, lease: Lease) -> None:
        worker = self._busy.get(lease)
        if worker is not None:
            worker.end(Reason.CANCEL_REQUESTED)
        elif lease in self._waiting:
            launch = self._waiting.pop(lease)
            self._tell(_ended(launch, Reason.CANCEL_REQUESTED, "The attempt was ended before it began"))

    def free_slots(self, engine: str) -> int:
        ahead = self._pace_of_work.expected(AHEAD_SECONDS, MOST_AHEAD)
        return self._slots - len(self._busy) - len(self._waiting) + ahead

    def _give_back(self, old: set[Lease]) -> None:
        """Give back what has waited too long behind attempts that are longer than expected. What waits because workers
        are still being started has a slot of its own, and keeps it."""
        self._impatience = None
        room = self._slots - len(self._busy)
        for launch in list(self._waiting.values())[max(room, 0) :]:
            if launch.lease in old:
                del self._waiting[launch.lease]
                self._tell(Returned(run=launch.run, attempt=launch.attempt, lease=launch.lease))
        if self._waiting:
            self._impatience = asyncio.get_running_loop().call_later(WAIT_SECONDS, self._give_back, set(self._waiting))

    def _hand_out(self, worker: Worker, launch: Launch, order: WorkOrder) -> None:
        worker.launch = launch
        self._busy[launch.lease] = worker
        needed = [resource.digest for resource in order.resources.values()]
        needed += [] if order.artifact is None else [order.artifact.digest]
        if not needed or self._artifacts is None or self._artifacts.fetch is None:
            worker.writer.write(encode(order))
        else:
            fetching = asyncio.create_task(self._fetch(worker, order, self._artifacts.fetch, needed))
            self._fetching.add(fetching)
            fetching.add_done_callback(self._fetching.discard)
        self._tell(Started(run=launch.run, attempt=launch.attempt, lease=launch.lease, at=time.time()))
        if launch.timeout_s is not None:
            worker.deadline = asyncio.get_running_loop().call_later(launch.timeout_s, worker.end, Reason.TIMEOUT)

    async def _fetch(
        self, worker: Worker, order: WorkOrder, fetch: Callable[[str], Awaitable[object]], needed: Iterable[str]
    ) -> None:
        """Let a worker begin when all content that it needs is here. It is this attempt's all the while, so that its
        time-out and a cancellation end the wait as they end the work."""
        try:
            for digest in needed:
                await fetch(digest)
        except Exception as error:
            if (launch := worker.launch) is not None and launch.lease == order.lease and worker.ending is None:
                self._let_go(worker)
                self._tell(_ended(launch, Reason.ERROR, str(error)))
                self._offer(worker)
            return
        if worker.launch is not None and worker.launch.lease == order.lease and worker.ending is None:
            worker.writer.write(encode(order))

    def _spawn(self) -> None:
        """Start a worker in the background, and look after it until it ends."""
        task = asyncio.create_task(self._live())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _live(self) -> None:
        """The life of one worker process; when it ends, another one takes its place."""
        try:
            worker, reader = await self._start_worker()
        except (OSError, EOFError, TimeoutError) as error:
            log.error("worker.not_started", error=str(error))
            await _wait(self._stopping, RESTART_SECONDS)
        else:
            self._workers.add(worker)
            if self._stopping.is_set():
                worker.end(Reason.SHUTDOWN)
            else:
                self._offer(worker)
            try:
                await self._listen_until_ended(worker, reader)
            finally:
                self._workers.discard(worker)
                self._bury(worker)
                worker.writer.close()
        if not self._stopping.is_set():
            self._spawn()

    async def _start_worker(self) -> tuple[Worker, asyncio.StreamReader]:
        ours, theirs = socket.socketpair()
        source = self._artifacts
        folders = (source.objects, source.unpacked) if source is not None else ()
        withheld = source.withheld if source is not None else frozenset()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "ostinato.worker",
            str(theirs.fileno()),
            str(self._folder),
            *folders,
            pass_fds=[theirs.fileno()],
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            env={
                name: value
                for name, value in os.environ.items()
                if not name.startswith("OSTINATO_") and name not in withheld
            },
        )
        theirs.close()
        reader, writer = await asyncio.open_connection(sock=ours)
        worker = Worker(process, writer, self._kill_after_s)
        try:
            async with asyncio.timeout(START_SECONDS):
                await reader.readexactly(len(HELLO))
        except BaseException:
            worker.kill()
            writer.close()
            raise
        return worker, reader

    async def _listen_until_ended(self, worker: Worker, reader: asyncio.StreamReader) -> None:
        """Hear a worker until its process has ended. A child it left behind may hold the pipe open for ever, and a
        process that has closed its pipe is of no more use."""
        hearing = asyncio.create_task(self._listen(worker, reader))
        ended = asyncio.create_task(worker.process.wait())
        await asyncio.wait({hearing, ended}, return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            await asyncio.wait({ended}, timeout=self._kill_after_s)
            worker.kill()
            await ended
        await asyncio.wait({hearing}, timeout=DRAIN_SECONDS)
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)

    async def _listen(self, worker: Worker, reader: asyncio.StreamReader) -> None:
        """Hear a worker until it closes its end of the pipe."""
        frames: Frames[Report] = report_frames()
        try:
            while data := await reader.read(1 << 16):
                for report in frames.feed(data):
                    self._hear(worker, report)
                if worker.process.returncode is None:  # what the dead have said is little, and nobody waits for it
                    await self._pace()
        except ConnectionError:
            return
        except BrokenFrame as error:
            log.error("worker.unreadable", pid=worker.process.pid, error=str(error))
            worker.kill()

    def _offer(self, worker: Worker) -> None:
        """A worker is free: it takes the first that waits and has not been taken back meanwhile."""
        while self._waiting:
            launch = self._waiting.pop(next(iter(self._waiting)))
            order = self._order_of(launch.run)
            if order is not None and order.lease == launch.lease:
                self._hand_out(worker, launch, order)
                return
        self._idle.append(worker)

    def _hear(self, worker: Worker, report: Report) -> None:
        if not isinstance(report, Finished):
            self._tell(report)
            return
        launch = self._let_go(worker)
        self._pace_of_work.one_more()
        if worker.ending is None and report.outcome.reason is Reason.CANCEL_REQUESTED:
            worker.end(Reason.LOST)  # it is not used again; another takes its place
            self._tell(_again(report, Reason.LOST, "The worker process was told to end by somebody else"))
            return
        if worker.ending is not None and not report.outcome.succeeded and launch is not None:
            report = _again(report, worker.ending, _why(worker.ending, launch))
        if worker.ending is not Reason.SHUTDOWN or report.outcome.succeeded:
            self._tell(report)
        if worker.ending is None:
            self._offer(worker)

    def _bury(self, worker: Worker) -> None:
        """A worker has ended; an attempt it still had is lost, timed out or cancelled."""
        launch = self._let_go(worker)
        if worker in self._idle:
            self._idle.remove(worker)
        for folder in self._folder.glob(f"{worker.process.pid}-*"):
            shutil.rmtree(folder, ignore_errors=True)
        if launch is None or worker.ending is Reason.SHUTDOWN:
            return
        reason = worker.ending or Reason.LOST
        message = (
            _why(reason, launch) if worker.ending else f"The worker process ended with code {worker.process.returncode}"
        )
        self._tell(_ended(launch, reason, message))

    def _let_go(self, worker: Worker) -> Launch | None:
        launch, worker.launch = worker.launch, None
        if worker.deadline is not None:
            worker.deadline.cancel()
            worker.deadline = None
        if launch is not None and self._busy.get(launch.lease) is worker:
            del self._busy[launch.lease]
        return launch


class Pace:
    """How many attempts end in a second, averaged over a moment."""

    def __init__(self) -> None:
        self._rate, self._count, self._since = 0.0, 0, time.monotonic()

    def one_more(self) -> None:
        self._count += 1

    def expected(self, seconds: float, most: int) -> int:
        """How many attempts should end in so many seconds, at most `most`."""
        now = time.monotonic()
        passed = now - self._since
        if passed >= AHEAD_SECONDS / 4:
            kept = math.exp(-passed / MEMORY_SECONDS)
            self._rate = self._rate * kept + self._count / passed * (1 - kept)
            self._count, self._since = 0, now
        return min(int(self._rate * seconds), most)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


create = LocalExecutor
"""What makes the executor of this plug-in."""


def _why(reason: Reason, launch: Launch) -> str:
    if reason is Reason.TIMEOUT:
        return f"The attempt took longer than its timeout of {launch.timeout_s:g} s"
    return "The attempt was ended on request"


def _again(report: Finished, reason: Reason, message: str) -> Finished:
    """The same end, for another reason."""
    return msgspec.structs.replace(report, outcome=Outcome(succeeded=False, reason=reason, message=message))


def _ended(launch: Launch, reason: Reason, message: str) -> Finished:
    outcome = Outcome(succeeded=False, reason=reason, message=message)
    return Finished(run=launch.run, attempt=launch.attempt, lease=launch.lease, at=time.time(), outcome=outcome)
