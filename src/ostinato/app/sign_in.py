"""People sign in with a password and out again, and everything that a session has to do with.

A session is a credential like any other, which lives for twelve hours and is known to a browser only. Every sign-in
makes a new one, so nobody can be given one that somebody else knows.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from ostinato.app import audit, keys, members, passwords
from ostinato.app.application import App, Refused
from ostinato.app.keys import Wish
from ostinato.core.access import Actor, of_user
from ostinato.core.credentials import RULES, Kind
from ostinato.core.errors import Conflict, Forbidden, Invalid, Problem, Unauthenticated
from ostinato.core.ids import UserId
from ostinato.store import audit as records
from ostinato.store import credentials, sign_ins, users, workspaces
from ostinato.store.audit import By, Entry
from ostinato.store.db import Tx
from ostinato.store.users import User
from ostinato.store.workspaces import Page, Permitted

REFUSED = "The name or the password is wrong"
"""In the same words whatever the cause: an unknown name, a wrong password, none at all, or a deactivated user."""
LIFE = RULES[Kind.SESSION].life or timedelta(hours=12)
KEEP_ENDED = timedelta(days=1)
MOST_FORGOTTEN = 5_000
RECORD_EVERY = timedelta(minutes=1)
"""Failed sign-ins of one user become one record in this time, however many there are."""
NOBODY = "nobody who is known"


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a request comes from that has no credential yet."""

    address: str | None = None
    trace: str | None = None


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Who a credential belongs to; `roles` include those of groups."""

    user: User
    roles: list[str]
    actor: Actor


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """What the browser is to keep, and for whom it is."""

    secret: str
    me: Me


async def with_password(app: App, name: str, password: str, origin: Origin) -> SignedIn:
    """A new session of a person; raises Unauthenticated, after the same effort whatever the cause."""
    async with app.db.reading() as tx:
        known = await users.password_of(tx, name)
    stored = known.password_hash if known is not None and known.active else None
    if not await passwords.matches(password, stored) or known is None or stored is None:
        if known is not None:
            _remember(app, known.user, known.name, origin)
        raise Unauthenticated(REFUSED)
    renewed = await passwords.hashed(password) if passwords.is_outdated(stored) else None
    now = app.now()
    async with app.db.transaction() as tx:
        if await users.lock_password(tx, known.user) != known:  # changed, or deactivated, while it was compared
            raise Unauthenticated(REFUSED)
        if renewed is not None:
            await users.set_password(tx, known.user, renewed)
        return await begin_session(tx, known.user, known.name, "password", origin, now)


async def begin_session(
    tx: Tx, user: UserId, name: str, means: str, origin: Origin, now: datetime, entries: Sequence[Entry] = ()
) -> SignedIn:
    """After everything was checked; `entries` are what the sign-in changed besides."""
    made = await keys.make_fleeting(tx, user, Wish(kind=Kind.SESSION, description=f"Signed in with {means}"), now)
    await users.signed_in(tx, user, now)
    roles = await users.roles(tx, user)
    actor = msgspec.structs.replace(
        of_user(user, name, roles=roles, kind=Kind.SESSION),
        credential=made.credential,
        address=origin.address,
        trace=origin.trace,
    )
    entry = Entry(action="sign in", kind="session", target=name, after={"with": means})
    await audit.record(tx, actor, now, *entries, entry)
    return SignedIn(secret=made.secret, me=Me(user=await members.user(tx, name), roles=roles, actor=actor))


async def sign_out(app: App, actor: Actor, now: datetime, *, everywhere: bool = False) -> None:
    """End this session or access token, or all sessions of the user; raises Conflict, Forbidden."""
    if everywhere:
        _require_unlimited(actor)
    elif actor.kind not in (Kind.SESSION, Kind.ACCESS_TOKEN):
        raise Conflict("Nobody is signed in with this key: delete it, or send `everywhere` to end all your sessions")
    async with app.db.transaction() as tx:
        await users.lock(tx)
        if everywhere:
            await users.end_sessions(tx, actor.user, now)
        else:
            await credentials.delete(tx, actor.credential, now)
        entry = Entry(action="sign out", kind="session", target=actor.name, after={"everywhere": everywhere})
        await audit.record(tx, actor, now, entry)
    app.known_keys.forget()


async def change_password(app: App, actor: Actor, current: str, new: str) -> None:
    """One's own; all other sessions end. Raises Forbidden, Conflict, Invalid."""
    _require_unlimited(actor)
    async with app.db.reading() as tx:
        known = await users.password_of(tx, actor.name)
    if known is None or known.password_hash is None:
        raise Conflict("You have no password here: ask an administrator for one")
    problems = passwords.problems(new, "new")
    if not await passwords.matches(current, known.password_hash):
        problems = [Problem(path="current", message="it is not your password")]
    if problems:
        raise Invalid(*problems)
    hashed, now = await passwords.hashed(new), app.now()
    async with app.db.transaction() as tx:
        if await users.lock_password(tx, known.user) != known:
            raise Conflict("The password was changed at the same moment: try again")
        await users.set_password(tx, known.user, hashed)
        but = actor.credential if actor.kind == Kind.SESSION else None
        await users.end_sessions(tx, known.user, now, but=but)
        await audit.record(tx, actor, now, Entry(action="change password", kind="user", target=actor.name))
    app.known_keys.forget()


async def me(app: App, actor: Actor) -> Me:
    async with app.db.reading() as tx:
        return Me(user=await members.user(tx, actor.name), roles=await users.roles(tx, actor.user), actor=actor)


async def my_workspaces(app: App, actor: Actor, limit: int, offset: int) -> list[Permitted]:
    """Where whoever asks may do something, and what, by environment and key."""
    async with app.db.reading() as tx:
        return await workspaces.permissions(tx, actor.subject, Page(limit=limit, offset=offset))


async def write_down_failures(app: App, now: datetime) -> None:
    """Record failed sign-ins of known users, some time after: whoever tries cannot tell from the time it takes that a
    name is known."""
    due = {user: one for user, one in app.refused.items() if _is_over(one, now)}
    for user in [user for user, one in due.items() if not one.count]:
        del app.refused[user]
    told = [(one, one.count) for one in due.values() if one.count]
    if not told:
        return
    async with app.db.transaction() as tx:
        for one, count in told:
            by = By(actor=NOBODY, user=None, credential=None, address=one.address, trace=one.trace)
            entry = Entry(action="refuse", kind="session", target=one.name, after={"failures": count})
            await records.write(tx, by, [entry], now)
    for one, count in told:
        one.count, one.recorded_at = one.count - count, now


async def forget(app: App, now: datetime) -> int:
    """Forget sessions and access tokens that ended a day ago, and sign-ins that never came back; how many of the
    former."""
    async with app.db.transaction() as tx:
        await sign_ins.forget(tx, now)
    total, forgotten = 0, MOST_FORGOTTEN
    while forgotten == MOST_FORGOTTEN:
        async with app.db.transaction() as tx:
            await users.lock(tx)
            forgotten = await credentials.forget(tx, now - KEEP_ENDED, MOST_FORGOTTEN)
        total += forgotten
    return total


def _remember(app: App, user: UserId, name: str, origin: Origin) -> None:
    one = app.refused.setdefault(user, Refused(name))
    one.count += 1
    one.address, one.trace = origin.address, origin.trace


def _is_over(one: Refused, now: datetime) -> bool:
    return one.recorded_at is None or now - one.recorded_at >= RECORD_EVERY


def _require_unlimited(actor: Actor) -> None:
    if actor.is_limited:
        raise Forbidden("A limited credential cannot do this: sign in, or use one without scopes and workspaces")
