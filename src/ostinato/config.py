"""Settings, from the environment; every name has a flag of the same name on the commands that use it."""

import os
from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    home: Path
    """OSTINATO_HOME: the data folder. Default `~/.ostinato`."""
    database_url: str | None
    """OSTINATO_DATABASE_URL: a PostgreSQL 15 or newer; none: the embedded one in the data folder."""
    host: str
    """OSTINATO_HOST: the address to listen on. Default 127.0.0.1."""
    port: int
    """OSTINATO_PORT: default 7300."""
    secret_key_file: Path
    """OSTINATO_SECRET_KEY_FILE: the keys that encrypt connection secrets. Default `secret.key` in the data folder."""
    timezone: str
    """OSTINATO_TIMEZONE: the zone of the local times in the TimeXtender API. Default UTC."""
    slots: int
    """OSTINATO_SLOTS: how many tasks this server runs at the same time. Default 8."""
    url: str
    """OSTINATO_URL: where the command line finds its server. Default http://HOST:PORT."""
    api_key: str | None
    """OSTINATO_API_KEY: the key the command line uses; none: the local one in the data folder."""


class WrongSetting(ValueError):
    """A setting has a value that cannot be used; the text names it and says what is allowed."""


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings as the environment has them; raises WrongSetting."""
    home = Path(environment.get("OSTINATO_HOME") or "~/.ostinato").expanduser().absolute()
    host = environment.get("OSTINATO_HOST") or "127.0.0.1"
    port = _whole_number(environment, "OSTINATO_PORT", 7300, 1, 65_535)
    zone = environment.get("OSTINATO_TIMEZONE") or "UTC"
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise WrongSetting(
            f"OSTINATO_TIMEZONE is {zone!r}: use the name of a time zone such as Europe/Berlin"
        ) from error
    key_file = environment.get("OSTINATO_SECRET_KEY_FILE")
    return Settings(
        home=home,
        database_url=environment.get("OSTINATO_DATABASE_URL") or None,
        host=host,
        port=port,
        secret_key_file=Path(key_file).expanduser().absolute() if key_file else home / "secret.key",
        timezone=zone,
        slots=_whole_number(environment, "OSTINATO_SLOTS", 8, 1, 1_000),
        url=(environment.get("OSTINATO_URL") or address(host, port)).rstrip("/"),
        api_key=environment.get("OSTINATO_API_KEY") or None,
    )


def address(host: str, port: int) -> str:
    """The address of a server for clients on this machine or near it."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _whole_number(environment: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isdecimal() or not least <= int(text) <= most:
        raise WrongSetting(f"{name} is {text!r}: use a whole number from {least} to {most}")
    return int(text)
