"""Settings, from the environment; every name has a flag of the same name on the commands that use it."""

import os
import re
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec


class OpenId(msgspec.Struct, frozen=True, kw_only=True):
    """The provider that people may sign in with."""

    issuer: str
    """OSTINATO_OIDC_ISSUER: its address, as its own documents write it; none: people sign in with passwords only."""
    client_id: str
    """OSTINATO_OIDC_CLIENT_ID: what it calls this installation."""
    client_secret_file: Path | None
    """OSTINATO_OIDC_CLIENT_SECRET_FILE: what it gave this installation, read anew for every sign-in; none: a public
    client."""
    scopes: str
    """OSTINATO_OIDC_SCOPES: what it is asked for. Default `openid profile email`."""
    name_claim: str
    """OSTINATO_OIDC_NAME_CLAIM: the claim that names people; without it the e-mail address does. Default
    preferred_username."""
    groups_claim: str
    """OSTINATO_OIDC_GROUPS_CLAIM: the claim with their groups. Default groups."""
    create_users: bool
    """OSTINATO_OIDC_CREATE_USERS: whether people who are not known yet become users. Default on."""
    redirect_uri: str
    """Where it sends people back to; it has to know this address."""


class Bucket(msgspec.Struct, frozen=True, kw_only=True):
    """A place for the content of artifacts on a server that speaks S3."""

    name: str
    prefix: str
    """What all names of objects begin with; without a slash at its end, and maybe empty."""
    endpoint: str | None
    """OSTINATO_S3_ENDPOINT: the address of the server. Default: that of AWS."""
    region: str | None
    """OSTINATO_S3_REGION: where the bucket is. Default: what AWS_DEFAULT_REGION says, or us-east-1."""
    access_key_id: str | None
    """OSTINATO_S3_ACCESS_KEY_ID: the key to use; none: what the environment or the machine gives, as for all tools of
    AWS."""
    secret_access_key_file: Path | None
    """OSTINATO_S3_SECRET_ACCESS_KEY_FILE: the secret that belongs to the key, read at the start."""
    path_style: bool
    """OSTINATO_S3_PATH_STYLE: whether the bucket is named in the path of addresses, and not before the host, `on` or
    `off`. Default on with an OSTINATO_S3_ENDPOINT, off without."""

    def __str__(self) -> str:
        return "/".join(filter(None, ("s3:/", self.name, self.prefix)))


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
    object_store: Path | Bucket
    """OSTINATO_OBJECT_STORE: where the content of artifacts is: a folder, or `s3://BUCKET/PREFIX`. Default `objects` in
    the data folder."""
    timezone: str
    """OSTINATO_TIMEZONE: the zone of the local times in the TimeXtender API. Default UTC."""
    jobs_environment: str
    """OSTINATO_JOBS_ENVIRONMENT: the environment whose plans are the jobs of the TimeXtender Jobs API. Default
    Production."""
    jobs_case: Literal["pascal", "camel"]
    """OSTINATO_JOBS_CASE: how that API writes names: pascal (as documented) or camel. Default pascal."""
    slots: int
    """OSTINATO_SLOTS: how many tasks this server runs at the same time. Default 8."""
    failed_attempts: int
    """OSTINATO_FAILED_ATTEMPTS: unknown keys and failed sign-ins that an address may have in a minute. Default 300."""
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    """OSTINATO_TRUSTED_PROXIES: addresses or networks whose X-Forwarded-For is believed, with commas between. Default
    none."""
    public_url: str | None
    """OSTINATO_PUBLIC_URL: the address that people use, as far as their browsers are concerned. Default none."""
    openid: OpenId | None
    """The provider that people may sign in with; none: with passwords only."""
    webhooks_allow_http: bool
    """OSTINATO_WEBHOOKS_ALLOW_HTTP: whether webhooks may be sent without TLS, `on` or `off`. Default off."""
    webhooks_allowed_networks: tuple[IPv4Network | IPv6Network, ...]
    """OSTINATO_WEBHOOKS_ALLOWED_NETWORKS: networks that are not public and may receive webhooks, with commas between.
    Default none."""
    unsigned_webhook_triggers: bool
    """OSTINATO_UNSIGNED_WEBHOOK_TRIGGERS: whether addresses that start something may take calls that are not signed, as
    Talend's do, `on` or `off`. Default on."""
    url: str
    """OSTINATO_URL: where the command line finds its server. Default http://HOST:PORT."""
    api_key: str | None
    """OSTINATO_API_KEY: the key the command line uses; none: the local one in the data folder."""


CALLBACK = "/api/v1/sign-in/oidc/callback"
BUCKET = re.compile(r"s3://(?P<name>[A-Za-z0-9][\w.-]{1,62})(/(?P<prefix>\w[\w.-]*(/\w[\w.-]*)*))?", re.ASCII)
OF_BUCKETS = (
    "OSTINATO_S3_ENDPOINT",
    "OSTINATO_S3_REGION",
    "OSTINATO_S3_ACCESS_KEY_ID",
    "OSTINATO_S3_SECRET_ACCESS_KEY_FILE",
    "OSTINATO_S3_PATH_STYLE",
)
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


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
    public_url = _web_address(environment, "OSTINATO_PUBLIC_URL")
    return Settings(
        home=home,
        database_url=environment.get("OSTINATO_DATABASE_URL") or None,
        host=host,
        port=port,
        secret_key_file=Path(key_file).expanduser().absolute() if key_file else home / "secret.key",
        object_store=_object_store(environment, home / "objects"),
        timezone=zone,
        jobs_environment=environment.get("OSTINATO_JOBS_ENVIRONMENT") or "Production",
        jobs_case=_jobs_case(environment),
        slots=_whole_number(environment, "OSTINATO_SLOTS", 8, 1, 1_000),
        failed_attempts=_whole_number(environment, "OSTINATO_FAILED_ATTEMPTS", 300, 1, 1_000_000),
        trusted_proxies=_networks(environment, "OSTINATO_TRUSTED_PROXIES"),
        public_url=public_url,
        openid=_openid(environment, public_url),
        webhooks_allow_http=_flag(environment, "OSTINATO_WEBHOOKS_ALLOW_HTTP", default=False),
        unsigned_webhook_triggers=_flag(environment, "OSTINATO_UNSIGNED_WEBHOOK_TRIGGERS", default=True),
        webhooks_allowed_networks=_networks(environment, "OSTINATO_WEBHOOKS_ALLOWED_NETWORKS"),
        url=(environment.get("OSTINATO_URL") or address(host, port)).rstrip("/"),
        api_key=environment.get("OSTINATO_API_KEY") or None,
    )


def address(host: str, port: int) -> str:
    """The address of a server for clients on this machine or near it."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_safe_address(text: str) -> bool:
    """Whether what is sent there cannot be read on the way: https, or http to this machine."""
    try:
        parts = urlsplit(text)
        return bool(parts.hostname) and (
            parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
        )
    except ValueError:
        return False


def _openid(environment: Mapping[str, str], public_url: str | None) -> OpenId | None:
    issuer = environment.get("OSTINATO_OIDC_ISSUER")
    if not issuer:
        return None
    if not is_safe_address(issuer) or "?" in issuer or "#" in issuer:
        raise WrongSetting(
            f"OSTINATO_OIDC_ISSUER is {issuer!r}: use an https address such as https://login.example.org/realms/main"
        )
    if public_url is None:
        raise WrongSetting("OSTINATO_OIDC_ISSUER needs OSTINATO_PUBLIC_URL: the address that people's browsers use")
    client_id = environment.get("OSTINATO_OIDC_CLIENT_ID")
    if not client_id:
        raise WrongSetting("OSTINATO_OIDC_ISSUER needs OSTINATO_OIDC_CLIENT_ID: what the provider calls this server")
    secret_file = environment.get("OSTINATO_OIDC_CLIENT_SECRET_FILE")
    scopes = (environment.get("OSTINATO_OIDC_SCOPES") or "openid profile email").split()
    if "openid" not in scopes:
        raise WrongSetting("OSTINATO_OIDC_SCOPES has no openid: write it like `openid profile email`")
    return OpenId(
        issuer=issuer,
        client_id=client_id,
        client_secret_file=Path(secret_file).expanduser().absolute() if secret_file else None,
        scopes=" ".join(scopes),
        name_claim=environment.get("OSTINATO_OIDC_NAME_CLAIM") or "preferred_username",
        groups_claim=environment.get("OSTINATO_OIDC_GROUPS_CLAIM") or "groups",
        create_users=_flag(environment, "OSTINATO_OIDC_CREATE_USERS", default=True),
        redirect_uri=public_url + CALLBACK,
    )


def _web_address(environment: Mapping[str, str], name: str) -> str | None:
    text = (environment.get(name) or "").rstrip("/")
    if not text:
        return None
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and parts.hostname and not (parts.query or parts.fragment)
    except ValueError:
        usable = False
    if not usable:
        raise WrongSetting(f"{name} is {text!r}: use an address such as https://ostinato.example.org")
    return text


def _flag(environment: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = (environment.get(name) or ("on" if default else "off")).lower()
    if text not in ("on", "off", "true", "false", "1", "0"):
        raise WrongSetting(f"{name} is {text!r}: use on or off")
    return text in ("on", "true", "1")


def _jobs_case(environment: Mapping[str, str]) -> Literal["pascal", "camel"]:
    match environment.get("OSTINATO_JOBS_CASE") or "pascal":
        case "pascal":
            return "pascal"
        case "camel":
            return "camel"
        case other:
            raise WrongSetting(f"OSTINATO_JOBS_CASE is {other!r}: use pascal or camel")


def _object_store(environment: Mapping[str, str], default: Path) -> Path | Bucket:
    text = environment.get("OSTINATO_OBJECT_STORE") or str(default)
    if "://" in text:
        return _bucket(environment, text)
    for name in OF_BUCKETS:
        if environment.get(name):
            raise WrongSetting(f"{name} needs an OSTINATO_OBJECT_STORE such as s3://bucket/ostinato")
    return Path(text).expanduser().absolute()


def _bucket(environment: Mapping[str, str], text: str) -> Bucket:
    found = BUCKET.fullmatch(text.rstrip("/"))
    if found is None:
        raise WrongSetting(
            f"OSTINATO_OBJECT_STORE is {text!r}: use a folder, or a bucket and a prefix such as s3://bucket/ostinato"
        )
    endpoint = _web_address(environment, "OSTINATO_S3_ENDPOINT")
    key = environment.get("OSTINATO_S3_ACCESS_KEY_ID") or None
    secret_file = environment.get("OSTINATO_S3_SECRET_ACCESS_KEY_FILE") or None
    if (key is None) != (secret_file is None):
        raise WrongSetting("OSTINATO_S3_ACCESS_KEY_ID and OSTINATO_S3_SECRET_ACCESS_KEY_FILE need each other: set both")
    return Bucket(
        name=found["name"],
        prefix=found["prefix"] or "",
        endpoint=endpoint,
        region=environment.get("OSTINATO_S3_REGION") or None,
        access_key_id=key,
        secret_access_key_file=Path(secret_file).expanduser().absolute() if secret_file else None,
        path_style=_flag(environment, "OSTINATO_S3_PATH_STYLE", default=endpoint is not None),
    )


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
