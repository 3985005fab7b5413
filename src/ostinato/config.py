"""Settings, from the environment; every name has a flag of the same name on the commands that use it."""

import os
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
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
    object_store: Path
    """OSTINATO_OBJECT_STORE: the folder for the content of artifacts. Default `objects` in the data folder."""
    timezone: str
    """OSTINATO_TIMEZONE: the zone of the local times in the TimeXtender API. Default UTC."""
    slots: int
    """OSTINATO_SLOTS: how many tasks this server runs at the same time. Default 8."""
    failed_attempts: int
    """OSTINATO_FAILED_ATTEMPTS: unknown keys and failed sign-ins that an address may have in a minute. Default 300."""
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    """OSTINATO_TRUSTED_PROXIES: addresses or networks whose X-Forwarded-For is believed, with commas between. Default
    none."""
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
        object_store=_folder(environment, "OSTINATO_OBJECT_STORE", home / "objects"),
        timezone=zone,
        slots=_whole_number(environment, "OSTINATO_SLOTS", 8, 1, 1_000),
        failed_attempts=_whole_number(environment, "OSTINATO_FAILED_ATTEMPTS", 300, 1, 1_000_000),
        trusted_proxies=_networks(environment, "OSTINATO_TRUSTED_PROXIES"),
        url=(environment.get("OSTINATO_URL") or address(host, port)).rstrip("/"),
        api_key=environment.get("OSTINATO_API_KEY") or None,
    )


def address(host: str, port: int) -> str:
    """The address of a server for clients on this machine or near it."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _folder(environment: Mapping[str, str], name: str, default: Path) -> Path:
    text = environment.get(name) or str(default)
    if "://" in text:
        raise WrongSetting(f"{name} is {text!r}: use a folder; several servers share one that all of them mount")
    return Path(text).expanduser().absolute()


def _networks(environment: Mapping[str, str], name: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        parts = [part.strip() for part in environment.get(name, "").split(",")]
        return tuple(ip_network(part) for part in parts if part)
    except ValueError as error:
        raise WrongSetting(f"{name}: {error}: use addresses or networks such as 10.0.0.0/8") from error


def _whole_number(environment: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isdecimal() or not least <= int(text) <= most:
        raise WrongSetting(f"{name} is {text!r}: use a whole number from {least} to {most}")
    return int(text)
