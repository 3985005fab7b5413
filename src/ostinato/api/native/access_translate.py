"""Between the core's words about people, keys, rights and records, and our own dialect's."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

import msgspec

from ostinato.api.native import access_wire as wire
from ostinato.app.groups import GroupChange
from ostinato.app.keys import Made, Wish
from ostinato.app.people import UserChange
from ostinato.core.credentials import Kind, preview
from ostinato.core.errors import Invalid, Problem
from ostinato.core.times import instant
from ostinato.store import audit, credentials, users

T = TypeVar("T")


def page(found: Sequence[T], limit: int, offset: int) -> tuple[Sequence[T], int | None]:
    """A page, of which one more was asked for to see whether another follows; where that begins."""
    return found[:limit], offset + limit if len(found) > limit else None


def user(found: users.User) -> wire.User:
    return wire.User(
        name=found.name,
        kind=found.kind,  # type: ignore[arg-type]  # a CHECK holds it
        full_name=found.full_name,
        email=found.email,
        active=found.active,
        roles=found.roles,
        groups=found.groups,
        has_password=found.has_password,
        provider=found.issuer,
        created_at=instant(found.created_at),
        signed_in_at=_instant(found.signed_in_at),
    )


def about_new(new: wire.NewUser) -> UserChange:
    return UserChange(full_name=new.full_name, email=new.email, roles=new.roles)


def user_change(patch: wire.UserPatch) -> UserChange:
    return UserChange(full_name=patch.full_name, email=patch.email, active=patch.active, roles=patch.roles)


def group(found: users.Group) -> wire.Group:
    return wire.Group(
        name=found.name,
        description=found.description,
        roles=found.roles,
        claim=found.claim,
        members=found.members,
        created_at=instant(found.created_at),
    )


def group_change(patch: wire.NewGroup | wire.GroupPatch) -> GroupChange:
    return GroupChange(description=patch.description, roles=patch.roles, claim=patch.claim, members=patch.members)


def grant(found: users.Grant) -> wire.Grant:
    return wire.Grant(
        user=found.user,
        group=found.group,
        workspace=found.workspace,
        environment=found.environment,
        permissions=found.permissions,
    )


def key(found: credentials.Listed) -> wire.Key:
    return wire.Key(
        id=found.credential,
        kind=found.kind.value,  # type: ignore[arg-type]  # only these are listed
        key=preview(found.kind, found.suffix),
        user=found.user,
        full_name=found.full_name,
        email=found.email,
        description=found.description,
        created_at=instant(found.created_at),
        last_used_at=_instant(found.last_used_at),
        last_address=found.last_address,
        expires_at=_instant(found.expires_at),
        scopes=found.scopes,
        workspaces=found.workspaces,
        old_secret_expires_at=_instant(found.old_secret_expires_at),
    )


def wish(new: wire.NewKey) -> Wish:
    return Wish(
        kind=Kind(new.kind),
        description=new.description,
        expires_at=moment("expiresAt", new.expires_at),
        scopes=new.scopes,
        workspaces=new.workspaces,
    )


def made(new: Made) -> wire.MadeKey:
    return wire.MadeKey(id=new.credential, key=new.secret)


def record(found: audit.Recorded) -> wire.Record:
    return wire.Record(
        id=found.id,
        at=instant(found.at),
        actor=found.actor,
        credential=found.credential_id,
        address=found.address,
        trace=found.trace,
        action=found.action,
        kind=found.kind,
        target=found.target,
        environment=found.environment,
        workspace=found.workspace,
        before=found.before,
        after=found.after,
        seal=found.seal,
        digest=found.digest.hex() if found.digest is not None else None,
    )


def exported(found: audit.Recorded) -> bytes:
    """A line: the text of the record is written so that whoever reads it back gets what the digest was taken of."""
    digest = found.digest.hex() if found.digest is not None else None
    return msgspec.json.encode({"digest": digest, "record": found.text}) + b"\n"


def moment(field: str, text: str | None) -> datetime | None:
    """A time with an offset; raises Invalid."""
    if text is None:
        return None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        parsed = None
    if parsed is None or parsed.tzinfo is None or not 1970 <= parsed.year < 9999:
        raise Invalid(Problem(path=field, message="write a time with its offset, such as 2026-03-01T12:00:00Z"))
    return parsed


def _instant(at: datetime | None) -> str | None:
    return None if at is None else instant(at)
