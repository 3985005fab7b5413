"""Projects: where the sources of artifacts are kept."""

import re
import unicodedata
from urllib.parse import urlsplit

LONGEST_URL = 2_000
SCHEMES = ("http", "https", "ssh", "git", "git+ssh")
WITH_USER = frozenset({"ssh", "git+ssh"})
"""Where a name before the host says who signs in with a key."""
SHORT_SSH = re.compile(r"(?:[A-Za-z0-9._-]+@[A-Za-z0-9.-]+|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+):(?!//)[^\s:@]+", re.ASCII)
"""`git@example.org:finance/jobs.git`; without a name before it, the host has a dot, which no scheme of a link has."""
BLANK_OR_CONTROL = re.compile(r"[\x00-\x20\x7f]")
PLAIN_LABEL = "PROJECT"
"""Of a name without any letter or digit of those that labels are made of."""


def label_of(name: str) -> str:
    """A name as tools need it: capital letters, digits and `_`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().upper()
    return re.sub(r"[^A-Z0-9]+", "_", plain).strip("_") or PLAIN_LABEL


def wrong_with_url(url: str) -> str | None:
    """What is wrong with the address of a repository, in words; None: nothing."""
    if not url or len(url) > LONGEST_URL or BLANK_OR_CONTROL.search(url):
        return f"write 1 to {LONGEST_URL:,} characters without spaces"
    if SHORT_SSH.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme not in SCHEMES:
        return "write the address of a repository, such as https://git.example.org/finance/jobs.git"
    if parts.password is not None or (parts.username is not None and parts.scheme not in WITH_USER):
        return "leave credentials out of it: everybody who sees the project would see them"
    return None
