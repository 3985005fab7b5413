"""What every use case needs at hand: the database, the keys, and what this server knows of the attempts it holds."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from ostinato.app.keyring import Keyring
from ostinato.core.contracts import Launch, WorkOrder
from ostinato.core.ids import CredentialId, GraphId, Lease, RunId, SessionId
from ostinato.core.plans import Graph
from ostinato.core.retries import RetryPolicy
from ostinato.store.db import Database


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
class App:
    """One server's side of the product. Everything that must survive is in the database, not here."""

    db: Database
    keyring: Keyring
    session: SessionId | None = None
    held: dict[RunId, Held] = field(default_factory=dict)
    graphs: dict[GraphId, Graph] = field(default_factory=dict)
    """Immutable, so they are remembered for ever; dropped when there are too many."""
    unknown: set[Lease] = field(default_factory=set)
    """Leases that are ours in the database but not here, when we last looked."""
    used: set[CredentialId] = field(default_factory=set)
    """Credentials that were used since the last time it was written down."""
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when there may be work to start."""
    cancelled: set[RunId] = field(default_factory=set)
    """Runs whose attempts are to be ended; the scheduler tells the executor."""
