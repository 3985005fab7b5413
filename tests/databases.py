"""Databases of tests' own."""

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from urllib.parse import urlsplit

import psycopg


class Copies:
    """Copies of the template. The next ones are made, and those that were used are dropped, while tests run: a test is
    shorter than making its database."""

    AHEAD = 2

    def __init__(self, server_url: str, template: str) -> None:
        self._server_url, self._template = server_url, template
        self._numbers = count(1)
        self._workers = ThreadPoolExecutor(1, "databases")
        self._ready: deque[Future[str]] = deque()
        self._dropped: deque[Future[None]] = deque()

    @contextmanager
    def one(self) -> Iterator[str]:
        """The address of a database of one's own, for as long as it is needed."""
        self._order()
        name = self._ready.popleft().result()
        self._order()
        yield url_of(self._server_url, name)
        self._dropped.append(self._workers.submit(self._drop, name))
        while self._dropped and self._dropped[0].done():
            self._dropped.popleft().result()

    def close(self) -> None:
        """Drop what nobody used, and say if anything went wrong."""
        for ready in self._ready:
            self._drop(ready.result())
        for dropped in self._dropped:
            dropped.result()
        self._workers.shutdown()

    def _order(self) -> None:
        while len(self._ready) < self.AHEAD:
            self._ready.append(self._workers.submit(self._make))

    def _make(self) -> str:
        name = f"ostinato_test_{os.getpid()}_{next(self._numbers)}"
        # Copied file by file: block by block through the log, which is the default, takes seven times as long.
        administer(self._server_url, f"CREATE DATABASE {name} TEMPLATE {self._template} STRATEGY file_copy")
        return name

    def _drop(self, name: str) -> None:
        administer(self._server_url, f"DROP DATABASE {name} WITH (FORCE)")


def administer(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def url_of(server_url: str, database: str) -> str:
    return urlsplit(server_url)._replace(path=f"/{database}").geturl()
