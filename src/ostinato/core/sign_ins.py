"""What can be said of a sign-in without a database: where it may lead, and whom a provider speaks of.

Claims are those of OpenID Connect Core 1.0, section 5.1; what providers add, such as groups, comes in many forms.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

LONGEST_PATH = 2_000
LONGEST_TEXT = 200
LONGEST_SUBJECT = 255
"""OpenID Connect Core 1.0, section 2."""
LONGEST_GROUP = 500
MOST_GROUPS = 10_000
LARGEST_NUMBER = 2**63 - 1


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody, as a provider knows them."""

    issuer: str
    subject: str
    name: str | None
    """What they are called here; None: nothing that could be used was sent."""
    full_name: str | None = None
    email: str | None = None
    email_is_verified: bool = False
    groups: tuple[str, ...] = ()


def is_own_path(text: str) -> bool:
    """Whether a browser that is sent there stays on this server.

    Browsers take `//host` and `/\\host` for another server, and leave out tabs and line ends before they look.
    """
    return (
        text.startswith("/")
        and not text.startswith("//")
        and len(text) <= LONGEST_PATH
        and all("!" <= letter <= "~" and letter != "\\" for letter in text)
    )


def person(claims: Mapping[str, Any], name_claim: str, groups_claim: str) -> Person:
    """Whom the claims of a valid id token speak of."""
    email = _text(claims.get("email"))
    email = email if email is not None and "@" in email else None
    return Person(
        issuer=str(claims["iss"]),
        subject=str(claims["sub"]),
        name=_text(_claim(claims, name_claim)) or email,
        full_name=_text(claims.get("name")),
        email=email,
        email_is_verified=claims.get("email_verified") in (True, "true"),
        groups=groups_in(_claim(claims, groups_claim)),
    )


def groups_in(said: Any) -> tuple[str, ...]:
    """A list of texts, or a text for only one group; what is neither text nor number is left out."""
    items = said if isinstance(said, list | tuple) else [said]
    texts = (str(item).strip() for item in items if isinstance(item, str) or _is_number(item))
    usable = (text for text in texts if 0 < len(text) <= LONGEST_GROUP and is_storable(text))
    return tuple(dict.fromkeys(usable))[:MOST_GROUPS]


def are_groups_left_out(claims: Mapping[str, Any], groups_claim: str) -> bool:
    """Whether the provider sent a place to ask instead, because there are too many (OpenID Connect Core, 5.6.2)."""
    names = claims.get("_claim_names")
    return groups_claim not in claims and isinstance(names, Mapping) and groups_claim in names


def is_storable(text: str) -> bool:
    """Whether the database takes it."""
    return "\x00" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """By its name, or by a path of names such as `realm_access.roles`."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _text(said: Any) -> str | None:
    """None unless it can be a name here."""
    text = said.strip() if isinstance(said, str) else ""
    return text if 0 < len(text) <= LONGEST_TEXT and text.isprintable() else None


def _is_number(item: Any) -> bool:
    return isinstance(item, int) and not isinstance(item, bool) and abs(item) <= LARGEST_NUMBER
