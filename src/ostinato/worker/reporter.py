"""Tells the server what happens, through a pipe, in the verbs beat, log and finished.

Lines and progress are gathered for a moment and sent together by a thread, so that a task may be as chatty as it likes.
"""

import socket
import threading
import time
from collections.abc import Sequence

import msgspec

from ostinato.core.contracts import Beat, Finding, Finished, Log, LogLine, Outcome, Report, WorkOrder
from ostinato.core.frames import encode
from ostinato.core.redaction import Redactor
from ostinato.core.states import Reason

GATHER_SECONDS = 0.1
BEAT_SECONDS = 2.0
MOST_LINES_AT_ONCE = 500
LONGEST_LINE = 16_384
MOST_LINES = 200_000


MOST_FINDING_BYTES = 8 * 1024 * 1024
"""Findings past this are not kept; their true number is."""


class ServerGone(Exception):
    """Nobody listens at the other end of the pipe."""


class PipeReporter:
    """Reports on one attempt after another to the server that started this process."""

    def __init__(self, pipe: socket.socket) -> None:
        self._pipe = pipe
        self._sending = threading.RLock()
        self._gathering = threading.Lock()
        self._something = threading.Event()
        """Whether there is something to send: while there is not, nobody wakes up for it."""
        self._order: WorkOrder | None = None
        self._redactor = Redactor(())
        self._lines: list[LogLine] = []
        self._written = self._sent = 0
        self._started = 0.0
        self._rows: tuple[int, int | None] | None = None
        self._last_sent = 0.0
        threading.Thread(target=self._keep_sending, daemon=True).start()

    def begin(self, order: WorkOrder) -> None:
        """Turn to an attempt. That it began is known to whoever handed it out; when, is told with its end."""
        secrets = [secret for connection in order.connections.values() for secret in connection.secrets]
        with self._gathering:
            self._redactor = Redactor(secrets)
            self._lines, self._written, self._sent, self._rows, self._order = [], 0, 0, None, order
        self._started = self._last_sent = time.time()

    def log(self, text: str) -> None:
        """Keep the lines of a text for the next sending; empty lines are kept, endless ones are cut into pieces."""
        clean = self._clean(text)
        now = time.time()
        for line in clean.split("\n"):
            for start in range(0, max(len(line), 1), LONGEST_LINE):
                with self._gathering:
                    self._keep(LogLine(at=now, text=line[start : start + LONGEST_LINE]))
                    full = len(self._lines) >= MOST_LINES_AT_ONCE
                if full:
                    self._send_gathered()
        self._something.set()

    def progress(self, rows: int, total: int | None) -> None:
        self._rows = (rows, total)
        self._something.set()

    def finish(self, outcome: Outcome) -> None:
        """Send what is left, then the outcome; after it the attempt is over."""
        self._send_gathered()
        with self._gathering:
            order, self._order = self._order, None
        assert order is not None, "an attempt is finished once"
        told = Outcome(
            succeeded=outcome.succeeded,
            message=self._clean(outcome.message)[:LONGEST_LINE],
            reason=outcome.reason,
            rows=outcome.rows,
            counts=outcome.counts,
        )
        try:
            told = msgspec.structs.replace(told, findings=_capped(outcome.findings))
        except (TypeError, ValueError) as error:
            message = f"What was found cannot be stored: {error}"
            told = msgspec.structs.replace(told, succeeded=False, reason=Reason.ERROR, message=message)
        self._send(
            Finished(
                run=order.run,
                attempt=order.attempt,
                lease=order.lease,
                at=time.time(),
                outcome=told,
                started=self._started,
            )
        )

    def _clean(self, text: str) -> str:
        """Without secrets, and without what neither UTF-8 nor PostgreSQL can hold."""
        clean = self._redactor.redact(text.replace("\x00", "\N{REPLACEMENT CHARACTER}"))
        return clean.encode("utf-8", "replace").decode()

    def _keep(self, line: LogLine) -> None:
        self._written += 1
        if self._written < MOST_LINES:
            self._lines.append(line)
        elif self._written == MOST_LINES:
            self._lines.append(LogLine(at=line.at, text=f"The log ends here: it has {MOST_LINES:,} lines"))

    def _keep_sending(self) -> None:
        while True:
            if self._something.wait(BEAT_SECONDS):
                time.sleep(GATHER_SECONDS)
                self._something.clear()
            try:
                self._send_gathered()
            except ServerGone:
                return

    def _send_gathered(self) -> None:
        with self._sending:  # taken and sent in one go, so that nothing overtakes the lines
            with self._gathering:
                order = self._order
                lines, self._lines = self._lines, []
                rows, self._rows = self._rows, None
            if order is None:
                return
            if lines:
                first, self._sent = self._sent + 1, self._sent + len(lines)
                self._send(Log(run=order.run, attempt=order.attempt, lease=order.lease, lines=lines, first=first))
            if rows is not None or time.time() - self._last_sent > BEAT_SECONDS:
                done, total = rows or (None, None)
                self._send(Beat(run=order.run, attempt=order.attempt, lease=order.lease, rows=done, total=total))

    def _send(self, report: Report) -> None:
        with self._sending:
            try:
                self._pipe.sendall(encode(report))
            except OSError as error:
                raise ServerGone from error
            self._last_sent = time.time()


def _capped(findings: Sequence[Finding]) -> list[Finding]:
    """The leading findings that fit; raises TypeError or ValueError if one cannot be written down."""
    kept, size = [], 0
    for finding in findings:
        size += len(msgspec.json.encode(finding))
        if size > MOST_FINDING_BYTES:
            break
        kept.append(finding)
    return kept
