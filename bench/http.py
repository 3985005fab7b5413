"""List pages through HTTP: one server process, several connections that are kept open."""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import asyncpg
import httpx

from bench.report import Figure
from ostinato.store.embedded import EmbeddedPostgres
from ostinato.store.sql import statement

RUNS = 5
REQUESTS = 1_000
CONNECTIONS = 4
TASKS = 200
PAGE = "/api/v0/orchestration/bench/tasks?limit=100"


def yaml() -> str:
    """Tasks of a type that other dialects know, so that they are listed."""
    config = "{kind: command, command: ['true']}"
    tasks = "\n".join(f"- {{name: t{i}, type: Package, config: {config}}}" for i in range(TASKS))
    names = ", ".join(f"t{i}" for i in range(TASKS))
    return f"""
workspaces: [{{key: bench, name: Bench}}]
workspace: bench
tasks:
{tasks}
plans:
- {{name: all, steps: [{{name: all, tasks: [{names}]}}]}}
"""


def measure() -> None:
    """Start a server of its own, define 200 tasks, and ask for a page of 100 of them again and again."""
    with tempfile.TemporaryDirectory(prefix="ostinato-bench-", ignore_cleanup_errors=True) as folder:
        port = _free_port()
        environment = {**os.environ, "OSTINATO_HOME": folder, "OSTINATO_PORT": str(port)}
        program = [sys.executable, "-m", "ostinato.cli"]
        server = subprocess.Popen([*program, "up"], env=environment, stderr=subprocess.DEVNULL)
        try:
            base = f"http://127.0.0.1:{port}"
            _wait_until_healthy(base)
            key = (Path(folder) / "local.key").read_text().strip()
            body = {"files": [{"name": "bench.yaml", "text": yaml()}]}
            httpx.post(f"{base}/api/v1/definitions/apply", json=body, headers={"X-API-Key": key}).raise_for_status()
            url = EmbeddedPostgres(Path(folder)).url
            rates, floors = [], []
            for _ in range(RUNS):
                floors.append(asyncio.run(_statement_rate(url)))
                rates.append(asyncio.run(_page_rate(port, key)))
            Figure("list_page_rps", "1/s", rates, floors).print()
        finally:
            server.terminate()
            server.wait(30)


async def _page_rate(port: int, key: str) -> float:
    """Pages per second over plain sockets: a full HTTP client would measure itself."""
    request = f"GET {PAGE} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: {key}\r\n\r\n".encode()

    async def ask(count: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(count):
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            assert head.startswith(b"http/1.1 200"), head
            await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(ask(REQUESTS // CONNECTIONS) for _ in range(CONNECTIONS)))
    return REQUESTS / (time.perf_counter() - began)


async def _statement_rate(url: str) -> float:
    """How often per second the page's own statement is answered, on as many connections."""
    async with asyncpg.create_pool(url, min_size=CONNECTIONS, max_size=CONNECTIONS) as pool:
        return await _ask_pool(pool)


async def _ask_pool(pool: "asyncpg.Pool[asyncpg.Record]") -> float:
    user = await pool.fetchval("SELECT id FROM app_user WHERE name = 'admin'")
    text = statement("tasks/list")

    async def ask(count: int) -> None:
        async with pool.acquire() as connection:
            prepared = await connection.prepare(text)
            for _ in range(count):
                await prepared.fetch(*arguments)

    arguments = (user, "production", "bench", ["Package"], 100, 0)
    began = time.perf_counter()
    await asyncio.gather(*(ask(REQUESTS // CONNECTIONS) for _ in range(CONNECTIONS)))
    return REQUESTS / (time.perf_counter() - began)


def _wait_until_healthy(base: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{base}/health").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise TimeoutError("the server did not become healthy within 60 s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
