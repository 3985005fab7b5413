"""Requests as the routes read them, forgiving where that does no harm."""

import codecs
from typing import Any

from litestar import Request
from litestar.datastructures import State
from litestar.exceptions import ClientException

from ostinato.core.access import Actor


class PlainRequest(Request[Actor, None, State]):
    """A body may begin with the mark that some editors and PowerShell put before UTF-8."""

    async def body(self) -> bytes:
        return (await super().body()).removeprefix(codecs.BOM_UTF8)

    async def json(self) -> Any:
        """The framework takes bytes that are not UTF-8 for an error of its own."""
        try:
            return await super().json()
        except UnicodeDecodeError as error:
            raise ClientException("it is not UTF-8") from error
