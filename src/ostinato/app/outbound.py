"""Requests to machines that users name: the name is resolved here, checked, and connected to as checked.

A name is asked for once per request, and the connection goes to an address that was in the answer: a name that leads
elsewhere a moment later leads nowhere. TLS is still that of the name. No proxy of the environment comes in between, and
no redirect is followed.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache
from ipaddress import ip_address
from typing import TypeAlias

import httpx
import msgspec

from ostinato import __version__
from ostinato.core.errors import Invalid, Problem
from ostinato.core.outbound import Address, Network, Target, why_not

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
RESOLVE_SECONDS = 5.0
TOTAL_SECONDS = 10.0
CONNECT_SECONDS = 3.0
MOST_ADDRESSES = 3
"""How many addresses of a name are tried."""
MOST_BYTES = 4_096
"""Of an answer that are read."""


class NotSent(Exception):
    """The request did not come to an answer; the text says why."""


class Answer(msgspec.Struct, frozen=True):
    """The status, and the beginning of the body."""

    status: int
    body: bytes


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, as this machine knows them; raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Outbound(msgspec.Struct, frozen=True, kw_only=True):
    """How requests go out, and where they may go."""

    allow_http: bool = False
    allowed: tuple[Network, ...] = ()
    """Networks that are not public and may be reached all the same."""
    resolve: Resolve = resolve
    trust: Callable[[], ssl.SSLContext] | None = None
    """Whose certificates are believed; None: those of the usual authorities, or of SSL_CERT_FILE."""

    async def check(self, field: str, target: Target) -> None:
        """Look where an address leads; raises Invalid naming the field."""
        try:
            await self._addresses(target)
        except NotSent as error:
            raise Invalid(Problem(path=field, message=str(error))) from error

    async def post(self, target: Target, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send it, within 10 seconds in all; raises NotSent."""
        try:
            async with asyncio.timeout(TOTAL_SECONDS):
                return await self._post(target, body, headers)
        except TimeoutError:
            raise NotSent(f"It took longer than {TOTAL_SECONDS:.0f} seconds") from None

    async def _post(self, target: Target, body: bytes, headers: Mapping[str, str]) -> Answer:
        if target.scheme == "http" and not self.allow_http:
            raise NotSent("This server sends nothing over http")
        addresses = await self._addresses(target)
        for number, address in enumerate(addresses[:MOST_ADDRESSES], start=1):
            try:
                return await self._post_to(address, target, body, headers)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                if number == min(len(addresses), MOST_ADDRESSES):
                    raise NotSent(f"No connection to {address}: {_words(error)}") from error
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise NotSent(f"The connection to {address} broke: {_words(error)}") from error
        raise NotSent(f"{target.host} has no address")

    async def _addresses(self, target: Target) -> list[Address]:
        """Where the name leads; raises NotSent if any of it may not be reached: another answer may begin with that."""
        try:
            async with asyncio.timeout(RESOLVE_SECONDS):
                texts = await self.resolve(target.host, target.port)
            addresses = [ip_address(text) for text in texts]
        except TimeoutError:
            raise NotSent(f"The name {target.host} could not be looked up in time") from None
        except (OSError, UnicodeError, ValueError) as error:
            raise NotSent(f"The name {target.host} could not be looked up: {_words(error)}") from error
        for address in addresses:
            if (reason := why_not(address, self.allowed)) is not None:
                raise NotSent(f"{target.host} leads to a machine that may not be reached: {reason}")
        if not addresses:
            raise NotSent(f"The name {target.host} leads nowhere")
        return addresses

    async def _post_to(self, address: Address, target: Target, body: bytes, headers: Mapping[str, str]) -> Answer:
        """To exactly this address. A connection of its own: one that is kept would be to the name of somebody else."""
        host = f"[{address}]" if address.version == 6 else str(address)
        tls = target.scheme == "https"
        verify = (self.trust or _usual_trust)() if tls else False
        transport = httpx.AsyncHTTPTransport(verify=verify, trust_env=False, limits=httpx.Limits(max_connections=1))
        request = httpx.Request(
            "POST",
            f"{target.scheme}://{host}:{target.port}{target.path}",
            content=body,
            headers={
                **headers,
                "host": target.host_header,
                "user-agent": f"Ostinato/{__version__}",
                "accept-encoding": "identity",
                "connection": "close",
            },
            extensions={
                "sni_hostname": target.host,
                "timeout": {"connect": CONNECT_SECONDS, "read": TOTAL_SECONDS, "write": TOTAL_SECONDS, "pool": None},
            },
        )
        async with transport:
            answer = await transport.handle_async_request(request)
            try:
                return Answer(answer.status_code, await _beginning(answer))
            finally:
                await answer.aclose()


async def _beginning(answer: httpx.Response) -> bytes:
    """As much of the body as is read, undecoded; nobody gets to fill our memory."""
    read = b""
    async for part in answer.aiter_raw():
        read += part
        if len(read) >= MOST_BYTES:
            break
    return read[:MOST_BYTES]


@cache
def _usual_trust() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _words(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:300]
