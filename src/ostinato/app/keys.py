"""API keys, personal access tokens and client secrets: made, shown, rotated and deleted.

Limits are the vendor's where it has some (TimeXtender Orchestration API, "Getting started"); expiry, scopes and
rotation are ours. A credential may have less than its owner, never more: its rights are looked up as its owner's,
within its scope.
"""

import secrets
import string
from collections.abc import Collection
from datetime import datetime, timedelta

import msgspec

from ostinato.app import audit
from ostinato.app.access import ADMINISTRATOR
from ostinato.app.application import App
from ostinato.core.access import Actor, Permission, Tenant
from ostinato.core.credentials import PREFIX_LENGTH, RULES, SECRET_LENGTH, SUFFIX_LENGTH, Kind, digest_of, prefix_of
from ostinato.core.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from ostinato.core.ids import CredentialId, UserId
from ostinato.core.wording import name_problems, text_problems
from ostinato.store import credentials, users
from ostinato.store.audit import Entry
from ostinato.store.credentials import Listed, NewCredential, Owned, Secret
from ostinato.store.db import Tx

LONGEST_DESCRIPTION = 100
MANAGED = (Kind.API_KEY, Kind.TOKEN, Kind.CLIENT)
"""What people make and delete themselves."""
NAMES = {Kind.API_KEY: "API key", Kind.TOKEN: "personal access token", Kind.CLIENT: "client secret"}
LONGEST_OVERLAP = timedelta(days=30)
MOST_WORKSPACES = 100


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a new credential shall be; scopes and workspaces None: whatever its owner may."""

    kind: Kind = Kind.API_KEY
    description: str
    expires_at: datetime | None = None
    scopes: Collection[str] | None = None
    workspaces: Collection[str] | None = None


class Made(msgspec.Struct, frozen=True):
    """The only time that a secret is seen."""

    credential: CredentialId
    secret: str


async def create(app: App, actor: Actor, owner: str | None, wish: Wish, now: datetime) -> Made:
    """A new credential of the actor, or of a service account; raises Invalid, Forbidden, NotFound, Conflict."""
    problems = _problems(wish, now)
    if problems:
        raise Invalid(*problems)
    wish = _whole(wish)
    async with app.db.transaction() as tx:
        await users.lock(tx)
        user = await _owner(tx, actor, owner)
        if wish.kind is Kind.CLIENT and user.kind != "service_account":
            raise Conflict("Client secrets belong to service accounts: give a person an API key or a token")
        await _make_room(tx, user.id, user.name, wish.kind, now)
        made = await make(tx, user.id, wish, now)
        await audit.record(
            tx, actor, now, _entry("create", made.credential, wish.kind, wish.description, user.name, wish)
        )
    return made


async def create_on_machine(app: App, actor: Actor, owner: str, wish: Wish, now: datetime) -> Made:
    """The same for whoever is on the server's machine: the owner is made without rights if there is none."""
    problems = name_problems("user", owner) + _problems(wish, now)
    if problems:
        raise Invalid(*problems)
    async with app.db.transaction() as tx:
        await users.lock(tx)
        user = await users.ensure(tx, owner, now)
        await _make_room(tx, user, owner, wish.kind, now)
        made = await make(tx, user, wish, now)
        await audit.record(tx, actor, now, _entry("create", made.credential, wish.kind, wish.description, owner, wish))
    return made


async def list_keys(app: App, actor: Actor, user: str | None, *, everybody: bool = False) -> list[Listed]:
    """One's own credentials; those of another or of everybody with the permission PEOPLE. Raises Forbidden, Invalid."""
    if everybody or user not in (None, actor.name):
        actor.require(Tenant.PEOPLE)
    else:
        _require_unlimited(actor)
    if user is not None and (problems := name_problems("user", user)):
        raise Invalid(*problems)
    wanted = None if everybody and user is None else user or actor.name
    async with app.db.reading() as tx:
        return await credentials.list_credentials(tx, MANAGED, wanted, app.now())


async def delete(app: App, actor: Actor, key: CredentialId, now: datetime) -> None:
    """Make a credential stop working at once; raises NotFound, also for what is not one's own to delete."""
    async with app.db.transaction() as tx:
        await users.lock(tx)
        found = await _lock(tx, actor, key, now)
        await credentials.delete(tx, key, now)
        await audit.record(tx, actor, now, _entry("delete", key, found.kind, found.description, found.name))
    app.known_keys.forget()


async def rotate(app: App, actor: Actor, key: CredentialId, overlap: timedelta, now: datetime) -> Made:
    """A new secret; the one before works for the overlap. Raises NotFound, Invalid, and Conflict while two work."""
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise Invalid(Problem(path="overlapSeconds", message=f"use 0 to {LONGEST_OVERLAP.total_seconds():.0f}"))
    async with app.db.transaction() as tx:
        found = await _lock(tx, actor, key, now)
        if found.live_secrets > 1:
            raise Conflict("Two secrets of it work already: wait until the older one has expired, or delete the key")
        secret = _secret(found.kind)
        await credentials.add_secret(tx, key, _stored(secret), now + overlap, now)
        await audit.record(tx, actor, now, _entry("rotate", key, found.kind, found.description, found.name))
    app.known_keys.forget()
    return Made(key, secret)


async def replace_local_key(app: App, before: str | None, now: datetime) -> str:
    """The key of the command line of one data folder, new at every start; the one before stops working, those of other
    servers on the same database do not."""
    wish = Wish(kind=Kind.LOCAL, description="The command line on the server's machine")
    async with app.db.transaction() as tx:
        owner = await users.ensure(tx, ADMINISTRATOR, now)
        if before is not None:
            await credentials.delete_local(tx, owner, digest_of(before), now)
        return (await make(tx, owner, wish, now)).secret


async def make(tx: Tx, owner: UserId, wish: Wish, now: datetime, *, issued_by: CredentialId | None = None) -> Made:
    """Make it, after everything was checked."""
    secret, life = _secret(wish.kind), RULES[wish.kind].life
    new = NewCredential(
        user=owner,
        kind=wish.kind,
        secret=_stored(secret),
        description=wish.description,
        expires_at=wish.expires_at or (now + life if life is not None else None),
        scopes=sorted(wish.scopes) if wish.scopes is not None else None,
        workspaces=sorted(wish.workspaces) if wish.workspaces is not None else None,
        issued_by=issued_by,
    )
    return Made(await credentials.create(tx, new, now), secret)


async def make_fleeting(
    tx: Tx, owner: UserId, wish: Wish, now: datetime, *, issued_by: CredentialId | None = None
) -> Made:
    """Make what is given out for a while: whoever has as many as they may loses the oldest. Servers forget what they
    know of keys when one ends, so nothing is ended without need."""
    most = RULES[wish.kind].most - 1
    if await credentials.are_too_many(tx, owner, wish.kind, most, now):
        await credentials.end_oldest(tx, owner, wish.kind, most, now)
    return await make(tx, owner, wish, now, issued_by=issued_by)


def _problems(wish: Wish, now: datetime) -> list[Problem]:
    problems = text_problems("description", wish.description, LONGEST_DESCRIPTION)
    if wish.kind not in MANAGED:
        problems.append(
            Problem(path="kind", message="it cannot be made", allowed=tuple(kind.value for kind in MANAGED))
        )
    if wish.expires_at is not None and wish.expires_at <= now:
        problems.append(Problem(path="expiresAt", message="it is over: use a time to come"))
    known = (*Permission, *Tenant)
    for number, scope in enumerate(wish.scopes or ()):
        if scope not in known:
            problems.append(Problem(path=f"scopes[{number}]", message=f"{scope!r} is no scope", allowed=known))
    if wish.scopes is not None and not wish.scopes:
        problems.append(Problem(path="scopes", message="name at least one, or leave the field out for all"))
    if wish.workspaces is not None and not 1 <= len(wish.workspaces) <= MOST_WORKSPACES:
        problems.append(
            Problem(path="workspaces", message=f"name 1 to {MOST_WORKSPACES}, or leave the field out for all")
        )
    for number, key in enumerate(wish.workspaces or ()):
        problems += text_problems(f"workspaces[{number}]", key, 63)
    return problems


def _whole(wish: Wish) -> Wish:
    """Whoever may do anything in a workspace may look at it."""
    if wish.scopes is None or not set(wish.scopes) & set(Permission):
        return wish
    return msgspec.structs.replace(wish, scopes={*wish.scopes, Permission.VIEW.value})


async def _owner(tx: Tx, actor: Actor, name: str | None) -> users.User:
    """Keys are made by whoever they belong to; those of service accounts by whoever manages people."""
    if name is None or name == actor.name:
        _require_unlimited(actor)
    else:
        actor.require(Tenant.PEOPLE)
        problems = name_problems("user", name)
        if problems:
            raise Invalid(*problems)
    found = await users.get(tx, name or actor.name)
    if found is None:
        raise NotFound("User", name)
    if found.name != actor.name and found.kind != "service_account":
        raise Forbidden(f"{found.name} is a person, and people make their own keys")
    return found


async def _make_room(tx: Tx, user: UserId, name: str, kind: Kind, now: datetime) -> None:
    most = RULES[kind].most
    if await credentials.count_active(tx, user, kind, now) >= most:
        raise Conflict(
            f"{name} has {most} active {NAMES[kind]}s, which is the limit: delete one first "
            "(`ostinato admin list-keys` shows them, `ostinato admin delete-key` deletes one)"
        )


async def _lock(tx: Tx, actor: Actor, key: CredentialId, now: datetime) -> Owned:
    found = await credentials.lock(tx, key, now)
    if found is None or found.kind not in MANAGED or not (found.user == actor.user or actor.may(Tenant.PEOPLE)):
        raise NotFound("API key", key)
    if key != actor.credential and not actor.may(Tenant.PEOPLE):
        _require_unlimited(actor)
    return found


def _require_unlimited(actor: Actor) -> None:
    """What is limited does not open the way to more."""
    if actor.is_limited:
        raise Forbidden("A limited credential manages no others: use one without scopes and workspaces")


def _secret(kind: Kind) -> str:
    letters = string.ascii_letters + string.digits
    return RULES[kind].start + "".join(secrets.choice(letters) for _ in range(SECRET_LENGTH))


def _stored(secret: str) -> Secret:
    assert len(prefix_of(secret)) == PREFIX_LENGTH
    return Secret(prefix=prefix_of(secret), suffix=secret[-SUFFIX_LENGTH:], digest=digest_of(secret))


def _entry(action: str, key: CredentialId, kind: Kind, description: str, owner: str, wish: Wish | None = None) -> Entry:
    what = {
        "id": key,
        "owner": owner,
        "description": description,
        **({"scopes": sorted(wish.scopes)} if wish and wish.scopes is not None else {}),
        **({"workspaces": sorted(wish.workspaces)} if wish and wish.workspaces is not None else {}),
        **({"expiresAt": wish.expires_at.isoformat()} if wish and wish.expires_at is not None else {}),
    }
    gone = action == "delete"
    return Entry(
        action=action,
        kind=NAMES[kind],
        target=description,
        before=what if gone else None,
        after=None if gone else what,
    )
