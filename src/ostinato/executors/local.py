"""Runs attempts in warm worker processes on the server's own machine, one attempt per process at a time.

A worker that dies fails only its own attempt, and a new one takes its place. A worker that was told to end an attempt
is not used again.
"""

import asyncio
import os
import shutil
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

import structlog

from ostinato.core.contracts import Finished, Launch, Outcome, Report, WorkOrder
from ostinato.core.frames import BrokenFrame, Frames, encode, report_frames
from ostinato.core.ids import RunId
from ostinato.core.states import Reason

log = structlog.get_logger()

KILL_AFTER_SECONDS = 8.0
"""A worker that was told to end an attempt has this long; then it is killed."""
RESTART_SECONDS = 1.0
"""A worker that dies without work is not replaced at once: what kills it may do so again."""


class Worker:
    """One worker process, seen from the server."""

    def __init__(self, process: asyncio.subprocess.Process, writer: asyncio.StreamWriter) -> None:
        self.process, self.writer = process, writer
        self.launch: Launch | None = None
        self.ending: Reason | None = None
        """Why the attempt at work was told to end."""
        self.deadline: asyncio.TimerHandle | None = None

    def end(self, reason: Reason) -> None:
        """Tell the worker to end its attempt; insist after a while."""
        if self.ending is None and self.process.returncode is None:
            self.ending = reason
            self.process.send_signal(signal.SIGTERM)
            asyncio.get_running_loop().call_later(KILL_AFTER_SECONDS, self.kill)

    def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()


class LocalExecutor:
    """A pool of warm worker processes. `tell` is called with every report; `order_of` gives what a worker needs."""

    def __init__(
        self, *, slots: int, folder: Path, order_of: Callable[[RunId], WorkOrder], tell: Callable[[Report], None]
    ) -> None:
        self._slots, self._folder, self._order_of, self._tell = slots, folder, order_of, tell
        self._idle: list[Worker] = []
        self._busy: dict[RunId, Worker] = {}
        self._waiting: deque[Launch] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False

    async def start(self) -> None:
        """Start all workers; an attempt that was cut off by an earlier death of the server leaves nothing behind."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True, mode=0o700)
        await asyncio.gather(*(self._start_worker() for _ in range(self._slots)))

    async def stop(self) -> None:
        self._stopping = True
        workers = [*self._idle, *self._busy.values()]
        for worker in workers:
            worker.end(Reason.SHUTDOWN)
        for worker in workers:
            try:
                await asyncio.wait_for(worker.process.wait(), KILL_AFTER_SECONDS + 2)
            except TimeoutError:
                worker.kill()
        for task in self._tasks:
            task.cancel()
        shutil.rmtree(self._folder, ignore_errors=True)

    def submit(self, launches: Iterable[Launch]) -> None:
        for launch in launches:
            if self._idle:
                self._hand_out(self._idle.pop(), launch)
            else:
                self._waiting.append(launch)

    def cancel(self, run: RunId) -> None:
        worker = self._busy.get(run)
        if worker is not None:
            worker.end(Reason.CANCEL_REQUESTED)
            return
        for launch in self._waiting:
            if launch.run == run:
                self._waiting.remove(launch)
                self._tell(_ended(launch, Reason.CANCEL_REQUESTED, "The attempt was ended before it began"))
                return

    def free_slots(self, engine: str) -> int:
        return self._slots - len(self._busy) - len(self._waiting)

    def _hand_out(self, worker: Worker, launch: Launch) -> None:
        worker.launch = launch
        self._busy[launch.run] = worker
        worker.writer.write(encode(self._order_of(launch.run)))
        if launch.timeout_s is not None:
            worker.deadline = asyncio.get_running_loop().call_later(launch.timeout_s, worker.end, Reason.TIMEOUT)

    async def _start_worker(self) -> None:
        ours, theirs = socket.socketpair()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "ostinato.worker",
            str(theirs.fileno()),
            str(self._folder),
            pass_fds=[theirs.fileno()],
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            env={name: value for name, value in os.environ.items() if not name.startswith("OSTINATO_")},
        )
        theirs.close()
        reader, writer = await asyncio.open_connection(sock=ours)
        worker = Worker(process, writer)
        task = asyncio.create_task(self._look_after(worker, reader))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._offer(worker)

    def _offer(self, worker: Worker) -> None:
        """A worker is free: it takes what waits."""
        if self._waiting:
            self._hand_out(worker, self._waiting.popleft())
        else:
            self._idle.append(worker)

    async def _look_after(self, worker: Worker, reader: asyncio.StreamReader) -> None:
        """Hear a worker until it ends; then say what became of its attempt, and start another one."""
        frames: Frames[Report] = report_frames()
        born = time.monotonic()
        try:
            while data := await reader.read(1 << 16):
                for report in frames.feed(data):
                    self._hear(worker, report)
        except (BrokenFrame, OSError) as error:
            log.error("worker.unreadable", pid=worker.process.pid, error=str(error))
            worker.kill()
        code = await worker.process.wait()
        self._bury(worker, code)
        worker.writer.close()
        if not self._stopping:
            if time.monotonic() - born < RESTART_SECONDS:
                await asyncio.sleep(RESTART_SECONDS)
            await self._start_worker()

    def _hear(self, worker: Worker, report: Report) -> None:
        if not isinstance(report, Finished):
            self._tell(report)
            return
        launch = self._let_go(worker)
        if worker.ending is not None and launch is not None and not report.outcome.succeeded:
            report = _ended(launch, worker.ending, _why(worker.ending, launch))
        if worker.ending is None:
            self._offer(worker)
        if worker.ending is not Reason.SHUTDOWN or report.outcome.succeeded:
            self._tell(report)

    def _bury(self, worker: Worker, code: int) -> None:
        """A worker has ended; an attempt it still had is lost, timed out or cancelled."""
        launch = self._let_go(worker)
        if worker in self._idle:
            self._idle.remove(worker)
        if launch is None or worker.ending is Reason.SHUTDOWN:
            return
        for folder in self._folder.glob(f"{launch.run}-*"):
            shutil.rmtree(folder, ignore_errors=True)
        reason = worker.ending or Reason.LOST
        message = _why(reason, launch) if worker.ending else f"The worker process ended with code {code}"
        self._tell(_ended(launch, reason, message))

    def _let_go(self, worker: Worker) -> Launch | None:
        launch, worker.launch = worker.launch, None
        if worker.deadline is not None:
            worker.deadline.cancel()
            worker.deadline = None
        if launch is not None:
            self._busy.pop(launch.run, None)
        return launch


def create(
    *, slots: int, folder: Path, order_of: Callable[[RunId], WorkOrder], tell: Callable[[Report], None]
) -> LocalExecutor:
    """The executor of this plug-in."""
    return LocalExecutor(slots=slots, folder=folder, order_of=order_of, tell=tell)


def _why(reason: Reason, launch: Launch) -> str:
    if reason is Reason.TIMEOUT:
        return f"The attempt took longer than its timeout of {launch.timeout_s:g} s"
    return "The attempt was ended on request"


def _ended(launch: Launch, reason: Reason, message: str) -> Finished:
    outcome = Outcome(succeeded=False, reason=reason, message=message)
    return Finished(run=launch.run, attempt=launch.attempt, lease=launch.lease, at=time.time(), outcome=outcome)
