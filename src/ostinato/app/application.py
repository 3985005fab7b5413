"""What every use case needs at hand: the database, the keys, and what this server knows of the attempts it holds."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ostinato.app.gathering import Gathering
from ostinato.app.keyring import Keyring
from ostinato.app.known_keys import KnownKeys
from ostinato.app.outbound import Outbound
from ostinato.core.clocks import Told
from ostinato.core.contracts import Launch, WorkOrder
from ostinato.core.health import Facts
from ostinato.core.ids import CredentialId, GraphId, Lease, RunId, SessionId, UserId
from ostinato.core.plans import Graph
from ostinato.core.retries import RetryPolicy
from ostinato.store.db import Database
from ostinato.store.objects import ObjectStore

MOST_SEARCHES = 2
MOST_TRANSFERS = 3
"""At the same time, on one server."""
MOST_PROBES = 2
"""The same of connections that are tried."""


@dataclass(slots=True)
class Held:
    """An attempt that this server holds, as long as it holds it."""

    launch: Launch
    losses: int
    retries: RetryPolicy
    order: WorkOrder
    started_at: datetime | None = None
    rows: int | None = None
    total: int | None = None


@dataclass(slots=True)
class Refused:
    """Failed sign-ins of one user: how many are not recorded yet, from where the last, and when some were recorded."""

    name: str
    count: int = 0
    address: str | None = None
    trace: str | None = None
    recorded_at: datetime | None = None


@dataclass(slots=True)
class App:
    """One server's side of the product. Everything that must survive is in the database, not here."""

    db: Database
    keyring: Keyring
    objects: ObjectStore | None = None
    """Where the content of artifacts is."""
    fetching: dict[str, asyncio.Task[Path]] = field(default_factory=dict)
    """Content on its way to this machine, by digest."""
    transferring: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_TRANSFERS))
    """Content takes long to come and go: most threads are left to everybody else."""
    session: SessionId | None = None
    held: dict[RunId, Held] = field(default_factory=dict)
    graphs: dict[GraphId, Graph] = field(default_factory=dict)
    """Immutable, so they are remembered for ever; dropped when there are too many."""
    unknown: set[Lease] = field(default_factory=set)
    """Leases that are ours in the database but not here, when we last looked."""
    used: dict[CredentialId, str | None] = field(default_factory=dict)
    """Credentials that were used since the last time it was written down, and from where."""
    refused: dict[UserId, Refused] = field(default_factory=dict)
    """Users whose password somebody got wrong lately."""
    known_keys: KnownKeys = field(default_factory=KnownKeys)
    gathering: Gathering = field(default_factory=Gathering)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when there may be work to start."""
    look: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when another server may want something of this one."""
    outbound: Outbound = field(default_factory=Outbound)
    """How requests go out to machines that users name."""
    url: str = ""
    """Where this server is found, for links in what it sends."""
    unsigned_triggers: bool = True
    """Whether addresses of webhook triggers may take calls that are not signed."""
    tell: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when there may be something to send to a webhook."""
    fire: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when something that starts runs by itself may be due."""
    awaited: set[RunId] = field(default_factory=set)
    """Runs whose end lets something fire: those of backfills, as far as this server knows."""
    cancelled: dict[Lease, RunId] = field(default_factory=dict)
    """Attempts that are to be ended; the scheduler tells the executor."""
    unstarted: dict[Lease, RunId] = field(default_factory=dict)
    """Attempts whose start is not written down yet: most end before it would be worth a write."""
    asked: list[Any] = field(default_factory=list)
    """Requests to start something that wait for the transaction before theirs."""
    serving: asyncio.Task[None] | None = None
    """Serves the requests to start something, as long as there are any."""
    slots: int = 0
    """How many attempts this server runs at the same time."""
    others: int = 0
    """How many other servers were alive when we last looked; they are told of what may concern them."""
    look_at: datetime | None = None
    """When something becomes due by itself next, as far as this server knows."""
    last_turn_at: datetime | None = None
    last_claim_at: datetime | None = None
    claims: tuple[int, datetime] | None = None
    """How many claims all servers had made when we last looked, and when we first saw that number."""
    health: tuple[datetime, Facts] | None = None
    """What was last found out about our health, and when."""
    looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One looks at our health at a time."""

    wall: Callable[[], datetime] = lambda: datetime.now(UTC)
    """The clock of this machine."""
    told_time: Told | None = None
    """The best that the database has told of its time."""
    ended: set[RunId] = field(default_factory=set)
    """Runs that this server has ended and told nobody of yet."""
    heard: bool = False
    """Whether a run has ended that a data trigger waits for, and nobody has been told yet."""
    watched: dict[RunId, asyncio.Event] = field(default_factory=dict)
    """Runs whose end somebody waits for, through this server."""
    installation: int | None = None
    """The number of the installation, once somebody has asked for it."""

    searching: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_SEARCHES))
    """Searches may take long: most connections to the database are left to everybody else."""
    probing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_PROBES))
    """Each connection that is tried takes a process."""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when this server is about to end: answers that go on for long end first."""

    def now(self) -> datetime:
        """The time by the database, which all servers share, never ahead of it; before it has told, by this machine's
        own clock."""
        return self.wall() if self.told_time is None else self.told_time.now(time.monotonic())

    def order_of(self, run: RunId) -> WorkOrder | None:
        """What a worker needs for the attempt of a run; None if this server does not hold it any more."""
        held = self.held.get(run)
        return held.order if held is not None else None

    def watch(self, run: RunId) -> asyncio.Event:
        """Set when this server ends the run; whoever waits looks now and then as well, for another one may."""
        return self.watched.setdefault(run, asyncio.Event())

    def forget(self, run: RunId) -> None:
        """A run was seen to have ended, whoever ended it: those who wait for it look."""
        if (event := self.watched.pop(run, None)) is not None:
            event.set()

    def tell_watching(self) -> None:
        """Tell those who wait for runs that have ended, data triggers among them."""
        if self.heard:
            self.heard = False
            self.fire.set()
        for run in self.ended & self.watched.keys():
            self.watched.pop(run).set()
        if not self.ended.isdisjoint(self.awaited):
            self.fire.set()
        self.ended.clear()

    def expect(self, due: datetime) -> None:
        """Look again when something is due."""
        if self.look_at is None or due < self.look_at:
            self.look_at = due
