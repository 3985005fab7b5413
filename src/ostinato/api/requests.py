"""Requests as the routes read them, forgiving where that does no harm."""

import codecs

from litestar import Request
from litestar.datastructures import State

from ostinato.core.access import Actor


class PlainRequest(Request[Actor, None, State]):
    """A body may begin with the mark that some editors and PowerShell put before UTF-8."""

    async def body(self) -> bytes:
        return (await super().body()).removeprefix(codecs.BOM_UTF8)
