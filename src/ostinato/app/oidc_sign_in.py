"""People sign in through an OpenID provider, and are found, made or met again here.

A person is known by the provider's address and its id for them, never by a name: names are chosen by people. Whoever
was here before can be taken over only if an administrator wrote down the address that the provider has verified, and
only while nobody can sign in as them otherwise.
"""

import re
import secrets
from datetime import datetime, timedelta

import msgspec

from ostinato.app import members, sign_in
from ostinato.app.application import App
from ostinato.app.oidc import Challenge, Provider
from ostinato.app.sign_in import Origin, SignedIn
from ostinato.core.credentials import digest_of
from ostinato.core.errors import Conflict, Forbidden, Invalid, Problem, Unauthenticated
from ostinato.core.sign_ins import Person, is_own_path
from ostinato.core.wording import name_problems
from ostinato.store import sign_ins, users
from ostinato.store.audit import Entry
from ostinato.store.db import Tx
from ostinato.store.sign_ins import Pending
from ostinato.store.users import User

LIFE = timedelta(minutes=10)
"""How long somebody may take at the provider."""
LONGEST_CODE = 4_000
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_ERROR = re.compile(r"[a-z_]{1,60}")
MEANS = "OpenID Connect"


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """Where the browser is to go, and what it is to keep until it comes back."""

    address: str
    browser: str


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the browser brought back from the provider (RFC 6749, section 4.1.2)."""

    state: str | None = None
    code: str | None = None
    error: str | None = None
    issuer: str | None = None


async def begin(app: App, provider: Provider, return_to: str, browser: str | None) -> Begun:
    """What a browser keeps already it keeps, so that several pages can sign in at the same time. Raises Invalid,
    Unavailable."""
    if not is_own_path(return_to):
        raise Invalid(Problem(path="return", message="use a path of this server, such as /runs"))
    state, nonce = secrets.token_urlsafe(), secrets.token_urlsafe()
    browser = browser if browser is not None and _TOKEN.fullmatch(browser) else secrets.token_urlsafe()
    pending = Pending(nonce=nonce, verifier=secrets.token_urlsafe(48), return_to=return_to)
    address = await provider.address(state, Challenge(nonce=nonce, verifier=pending.verifier))
    now = app.now()
    async with app.db.transaction() as tx:
        await sign_ins.begin(tx, digest_of(state), digest_of(browser), pending, now + LIFE, now)
    return Begun(address=address, browser=browser)


async def finish(
    app: App, provider: Provider, answer: Answer, browser: str | None, origin: Origin
) -> tuple[SignedIn, str]:
    """A new session, and the path to go to. Raises Unauthenticated, Forbidden, Conflict, Unavailable."""
    pending = await _take(app, answer.state, browser)
    if answer.error is not None or not answer.code or len(answer.code) > LONGEST_CODE:
        said = answer.error if answer.error and _ERROR.fullmatch(answer.error) else "it sent no code"
        raise Unauthenticated(f"The sign-in provider let nobody in ({said}): sign in again")
    challenge = Challenge(nonce=pending.nonce, verifier=pending.verifier)
    person = await provider.person(answer.code, challenge, answer.issuer)
    now = app.now()
    async with app.db.transaction() as tx:
        await users.lock(tx)
        user, entries = await _find(tx, person, now, may_make=provider.settings.create_users)
        if not user.active:
            raise Forbidden("You have been deactivated here: ask an administrator")
        entries += await _meet(tx, user, person)
        done = await sign_in.begin_session(tx, user.id, user.name, MEANS, origin, now, entries)
    app.known_keys.forget()
    return done, pending.return_to


async def _take(app: App, state: str | None, browser: str | None) -> Pending:
    pending = None
    if state and browser and _TOKEN.fullmatch(state) and _TOKEN.fullmatch(browser):
        async with app.db.transaction() as tx:
            pending = await sign_ins.take(tx, digest_of(state), digest_of(browser), app.now())
    if pending is None:
        raise Unauthenticated(
            "This browser began no such sign-in, it took longer than ten minutes, or it is done already: sign in again"
        )
    return pending


async def _find(tx: Tx, person: Person, now: datetime, *, may_make: bool) -> tuple[User, list[Entry]]:
    """The user who stands for a person here, made or tied if there was none; with what that changed."""
    known = await users.of_external(tx, person.issuer, person.subject)
    if known is not None:
        return known, []
    expected = await users.by_email(tx, person.email) if person.email and person.email_is_verified else []
    if len(expected) == 1:
        return await _tie(tx, expected[0], person, "change")
    if not may_make:
        raise Forbidden("Nobody here knows you: ask an administrator to make a user with your e-mail address")
    if person.name is None or name_problems("name", person.name):
        raise Forbidden("The sign-in provider sent no name for you that can be used: see OSTINATO_OIDC_NAME_CLAIM")
    if await users.create(tx, person.name, "person", None, None, [], now) is None:
        raise Conflict(
            f"There is another user {person.name!r} here already, who did not come from this provider: ask an"
            " administrator to write your e-mail address down for them if that is you"
        )
    return await _tie(tx, person.name, person, "create")


async def _tie(tx: Tx, name: str, person: Person, action: str) -> tuple[User, list[Entry]]:
    user = await members.user(tx, name)
    if not await users.tie_to_external(tx, user.id, person.issuer, person.subject):
        raise Conflict(f"The user {name!r} signs in otherwise: ask an administrator")
    what = {"provider": person.issuer, "subject": person.subject}
    return await members.user(tx, name), [Entry(action=action, kind="user", target=name, after=what)]


async def _meet(tx: Tx, user: User, person: Person) -> list[Entry]:
    """What the provider says of somebody is written down; what it does not say stays. Groups come and go."""
    await users.meet(tx, user.id, person.full_name or user.full_name, person.email or user.email)
    await users.set_claimed_groups(tx, user.id, person.groups)
    before, after = _about(user), _about(await members.user(tx, user.name))
    differ = [field for field in after if before[field] != after[field]]
    if not differ:
        return []
    if "groups" in differ:
        await members.keep_one(tx)
    old, new = ({field: about[field] for field in differ} for about in (before, after))
    return [Entry(action="change", kind="user", target=user.name, before=old, after=new)]


def _about(user: User) -> dict[str, object]:
    return {"fullName": user.full_name, "email": user.email, "groups": user.groups}
