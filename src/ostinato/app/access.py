"""Keys and rights: who a request comes from, and how keys and rights are made.

A key is `txk_` and 32 letters and digits (TimeXtender Orchestration API, "Creating a key"); only its SHA-256 digest is
stored. The characters after `txk_` that open it find the row, the comparison of digests takes constant time.
"""

import asyncio
import hashlib
import hmac
import secrets
import string
import unicodedata
from collections.abc import Sequence
from datetime import datetime

from ostinato.app.application import App
from ostinato.core.access import ROLES, Actor
from ostinato.core.errors import Conflict, Invalid, NotFound, Problem, Unauthenticated
from ostinato.core.ids import CredentialId, UserId
from ostinato.store import credentials, environments, users
from ostinato.store.db import Tx

KEY_START = "txk_"
KEY_LENGTH = 32
PREFIX_LENGTH = 8
SUFFIX_LENGTH = 5
MOST_KEYS = 3
"""Active keys per user (TimeXtender Orchestration API, "Limits")."""
LONGEST_DESCRIPTION = 100
LONGEST_NAME = 200
MOST_KEYS_NAMED = 10
UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""The Unicode categories of controls, of marks that steer the direction of writing, and of line ends."""
ADMINISTRATOR = "admin"
FIRST_ENVIRONMENTS = (("Production", "production"), ("Development", "development"), ("Test", "test"))


async def set_up(app: App, now: datetime) -> None:
    """What the first start makes: the administrator and the three environments. Later starts change nothing."""
    async with app.db.transaction() as tx:
        await users.make_administrator(tx, ADMINISTRATOR, now)
        for name, stage in FIRST_ENVIRONMENTS:
            await environments.ensure(tx, name, stage, now)


async def authenticate(app: App, key: str | None) -> Actor:
    """Who this key belongs to; raises Unauthenticated, with the same words whatever the cause."""
    refused = Unauthenticated("The API key is missing or not recognised: send a valid one in the header X-API-Key")
    if not key or not key.startswith(KEY_START) or not key.isascii():
        raise refused
    digest = hashlib.sha256(key.encode()).digest()
    prefix = _prefix(key)
    for credential in await _find(app, prefix):
        if credential.prefix == prefix and hmac.compare_digest(credential.digest, digest) and credential.active:
            app.used.add(credential.credential)
            return Actor(
                user=credential.user,
                name=credential.name,
                administrator=credential.administrator,
                credential=credential.credential,
            )
    raise refused


async def create_key(app: App, user: str, description: str, now: datetime) -> str:
    """A new API key of this user, who is made without rights if there is none; the only time the key is seen."""
    problems = _name_problems(user) + _text_problems("description", description, LONGEST_DESCRIPTION)
    if problems:
        raise Invalid(*problems)
    async with app.db.transaction() as tx:
        owner = await users.ensure(tx, user, now)
        if await credentials.count_active(tx, owner, "api_key") >= MOST_KEYS:
            raise Conflict(
                f"{user} has {MOST_KEYS} active keys, which is the limit: delete one first "
                "(`ostinato admin list-keys` shows them, `ostinato admin delete-key` deletes one)"
            )
        return await _make_key(tx, owner, "api_key", description, now)


async def list_keys(app: App, user: str | None) -> list[credentials.Listed]:
    """The API keys that work, of one user or of all; the local key of this machine is not among them."""
    problems = _name_problems(user) if user is not None else []
    if problems:
        raise Invalid(*problems)
    async with app.db.reading() as tx:
        return await credentials.list_keys(tx, user)


async def delete_key(app: App, key: CredentialId, now: datetime) -> None:
    """Make an API key stop working at once; raises NotFound, also for the local key of this machine."""
    async with app.db.transaction() as tx:
        if not await credentials.delete(tx, key, now):
            raise NotFound("API key", key)


async def replace_local_key(app: App, before: str | None, now: datetime) -> str:
    """The key of the command line of one data folder, new at every start; the one before stops working, those of other
    servers on the same database do not."""
    async with app.db.transaction() as tx:
        owner = await users.ensure(tx, ADMINISTRATOR, now)
        if before is not None:
            await credentials.delete_local(tx, owner, hashlib.sha256(before.encode()).digest(), now)
        return await _make_key(tx, owner, "local", "The command line on the server's machine", now)


async def grant(app: App, user: str, workspace_key: str, role: str, now: datetime) -> None:
    """Give a user a role in a workspace, at every stage of it; it replaces the role they had there. Raises Invalid."""
    if role not in ROLES:
        raise Invalid(Problem(path="role", message=f"{role!r} is no role", allowed=tuple(ROLES)))
    problems = _name_problems(user)
    if problems:
        raise Invalid(*problems)
    async with app.db.transaction() as tx:
        known = await users.workspace_keys(tx)
        if workspace_key not in known:
            raise Invalid(_unknown_workspace(workspace_key, known))
        await users.grant(tx, await users.ensure(tx, user, now), workspace_key, ROLES[role])


async def write_down_use(app: App, now: datetime) -> None:
    """Record which credentials were used since the last time: one write for many requests."""
    if not app.used:
        return
    used, app.used = app.used, set()
    async with app.db.transaction() as tx:
        await credentials.used(tx, used, now)


async def _find(app: App, prefix: str) -> Sequence[credentials.Found]:
    """The credentials that may be meant, and maybe others. Requests that come while some are looked up share the next
    look: it begins after all of them, so what was deleted before is not found."""
    answer: asyncio.Future[Sequence[credentials.Found]] = asyncio.get_running_loop().create_future()
    app.prefixes.append((prefix, answer))
    if app.finding is None or app.finding.done():
        app.finding = asyncio.create_task(_find_together(app))
    return await answer


async def _find_together(app: App) -> None:
    """Look up what is asked for until nobody asks."""
    while app.prefixes:
        asked, app.prefixes = app.prefixes, []
        try:
            async with app.db.reading() as tx:
                found = await credentials.find(tx, {prefix for prefix, _ in asked})
        except Exception as error:
            for _, answer in asked:
                if not answer.done():
                    answer.set_exception(error)
        else:
            for _, answer in asked:
                if not answer.done():
                    answer.set_result(found)


async def _make_key(tx: Tx, owner: UserId, kind: str, description: str, now: datetime) -> str:
    letters = string.ascii_letters + string.digits
    key = KEY_START + "".join(secrets.choice(letters) for _ in range(KEY_LENGTH))
    new = credentials.NewCredential(
        user=owner,
        kind=kind,
        prefix=_prefix(key),
        suffix=key[-SUFFIX_LENGTH:],
        digest=hashlib.sha256(key.encode()).digest(),
        description=description,
    )
    await credentials.create(tx, new, now)
    return key


def _prefix(key: str) -> str:
    return key[len(KEY_START) : len(KEY_START) + PREFIX_LENGTH]


def _unknown_workspace(key: str, known: list[str]) -> Problem:
    more = len(known) - MOST_KEYS_NAMED
    hint = "use the key of one that is there" if known else "apply one first, there is none yet"
    message = f"there is no workspace {key[:LONGEST_NAME]!r} in any environment: {hint}"
    allowed = (*known[:MOST_KEYS_NAMED], *([f"and {more} more"] if more > 0 else []))
    return Problem(path="workspace", message=message, allowed=allowed)


def _name_problems(user: str) -> list[Problem]:
    """Names are written to terminals and logs."""
    if any(unicodedata.category(letter) in UNPRINTABLE for letter in user):
        return [Problem(path="user", message="a name has no control characters: write it without them")]
    return _text_problems("user", user, LONGEST_NAME)


def _text_problems(field: str, text: str, longest: int) -> list[Problem]:
    if not text.strip() or len(text) > longest or "\x00" in text:
        return [Problem(path=field, message=f"write 1 to {longest} characters")]
    return []
