"""Names of parameters in any case, and each of them once: `?UAT=Test` must not start Production."""

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from litestar import Request

from ostinato.api.requests import PlainRequest
from ostinato.core.errors import Invalid, Problem

NAMES = frozenset({"uat", "limit", "offset"})


class TriggerRequest(PlainRequest):
    """Its JSON body is an object whose names are read in any case."""

    async def json(self) -> Any:
        data = await super().json()
        if not isinstance(data, dict):
            return data
        # Again, with the pairs as they were sent: an ordinary reader keeps only the last one of each name.
        read: _Pairs = json.loads(await self.body(), object_pairs_hook=_Pairs, parse_int=_Number, parse_float=_Number)
        require_one_value((name, repr(value)) for name, value in read.pairs)
        return {known_name(name): value for name, value in data.items()}


async def tidy_query(request: Request[Any, Any, Any]) -> None:
    """Write the names in the query as the routes read them; raises Invalid."""
    pairs = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    require_one_value(pairs)
    tidied = [(known_name(name), value) for name, value in pairs]
    if tidied != pairs:
        request.scope["query_string"] = urlencode(tidied).encode()


def known_name(name: str) -> str:
    return name.lower() if name.isascii() and name.lower() in NAMES else name


def require_one_value(pairs: Iterable[tuple[str, str]]) -> None:
    values: dict[str, str] = {}
    for name, value in ((known_name(name), value) for name, value in pairs):
        if name in NAMES and values.setdefault(name, value) != value:
            raise Invalid(Problem(path=name, message="it is here more than once, with different values: send one"))


class _Pairs:
    """An object of JSON as it was sent."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        self.pairs = pairs

    def __repr__(self) -> str:
        return "{...}"


class _Number(str):
    """A number as it was written, however long; never equal to a text."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)
