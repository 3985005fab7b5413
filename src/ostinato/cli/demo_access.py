"""What the demo needs besides data and server: a warehouse database, and a key of an ordinary user."""

import os
import secrets
from pathlib import Path

from ostinato.app.keys import Wish
from ostinato.cli import machine
from ostinato.cli.client import Server
from ostinato.cli.errors import Refused
from ostinato.config import Settings

WAREHOUSE = "warehouse"
LOGIN_FILE = "warehouse.password"
KEY_FILE = "demo.key"
USER = "demo"
WORKSPACE = "flights"
ROLE = "Contributor"


def make_warehouse(settings: Settings) -> dict[str, str]:
    """Make the warehouse with its own login, if there is none; the variables with which the connection reaches it."""
    file = settings.home / LOGIN_FILE
    password = _read(file) or _written(file, secrets.token_urlsafe(24))
    host = machine.make_owned_database(settings, WAREHOUSE, password)
    return {"WAREHOUSE_HOST": host, "WAREHOUSE_PASSWORD": password}


def key_of_user(settings: Settings) -> str:
    """A key of the user `demo`, who may see and start what is in the workspace and nothing else."""
    machine.grant(settings, USER, WORKSPACE, ROLE)
    file = settings.home / KEY_FILE
    key = _read(file)
    if key is not None and _is_known(settings, key):
        return key
    return _written(file, machine.make_key(settings, USER, Wish(description="Made by ostinato demo")))


def _is_known(settings: Settings, key: str) -> bool:
    with Server(settings, key=key) as server:
        try:
            server.get_json("/api/v0/orchestration/workspaces")
        except Refused as refusal:
            if refusal.status != 401:
                raise
            return False
        return True


def _read(file: Path) -> str | None:
    try:
        return file.read_text().strip() or None
    except FileNotFoundError:
        return None


def _written(file: Path, secret: str) -> str:
    """Keep a secret in a file that only its owner can read; the file is in place whole or not at all."""
    part = file.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as target:
        target.write(secret)
    part.replace(file)
    return secret
