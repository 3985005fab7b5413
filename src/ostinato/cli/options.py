"""The flags that stand for settings: each sets the variable of its name for this command."""

import inspect
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from ostinato.cli.errors import WrongUsage
from ostinato.config import Settings, WrongSetting, read_settings

if TYPE_CHECKING:
    from ostinato.cli.client import Server

Home: TypeAlias = Annotated[
    str | None, typer.Option("--home", metavar="FOLDER", help="The data folder (OSTINATO_HOME). [~/.ostinato]")
]
Host: TypeAlias = Annotated[
    str | None, typer.Option("--host", metavar="ADDRESS", help="The server's address (OSTINATO_HOST). [127.0.0.1]")
]
Port: TypeAlias = Annotated[
    str | None, typer.Option("--port", metavar="NUMBER", help="The server's port (OSTINATO_PORT). [7300]")
]
Url: TypeAlias = Annotated[
    str | None,
    typer.Option("--url", metavar="URL", help="Where the server is (OSTINATO_URL). [http://HOST:PORT]"),
]
ApiKey: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--api-key", metavar="KEY", help="The key to use (OSTINATO_API_KEY). [the file local.key in the data folder]"
    ),
]
SERVER_SETTINGS = {
    "database_url": ("URL", "A PostgreSQL 15 or newer. [the embedded one in the data folder]"),
    "secret_key_file": ("FILE", "The keys that encrypt connection secrets. [secret.key in the data folder]"),
    "object_store": ("PLACE", "Where artifacts are: a folder or s3://BUCKET/PREFIX. [objects in the data folder]"),
    "s3_endpoint": ("URL", "The server that has the bucket. [that of AWS]"),
    "s3_region": ("REGION", "Where the bucket is. [what AWS_DEFAULT_REGION says, or us-east-1]"),
    "s3_access_key_id": ("ID", "The key for the bucket. [what the environment or the machine gives]"),
    "s3_secret_access_key_file": ("FILE", "The secret that belongs to the key. [none]"),
    "s3_path_style": ("on|off", "Whether addresses name the bucket in their path. [on with an endpoint, off without]"),
    "timezone": ("ZONE", "Zone of local times in the TimeXtender API. [UTC]"),
    "jobs_environment": ("NAME", "Whose plans are the jobs of the TimeXtender Jobs API. [Production]"),
    "jobs_case": ("CASE", "How that API writes names: pascal or camel. [pascal]"),
    "slots": ("NUMBER", "How many tasks run at the same time. [8]"),
    "failed_attempts": ("NUMBER", "Unknown keys and failed sign-ins that an address may have in a minute. [300]"),
    "trusted_proxies": ("NETWORKS", "Whose X-Forwarded-For is believed, with commas between. [none]"),
    "public_url": ("URL", "The address that people's browsers use. [none]"),
    "oidc_issuer": ("URL", "The OpenID provider that people may sign in with. [none]"),
    "oidc_client_id": ("ID", "What the provider calls this installation. [none]"),
    "oidc_client_secret_file": ("FILE", "What the provider gave this installation. [none]"),
    "oidc_scopes": ("SCOPES", "What the provider is asked for. [openid profile email]"),
    "oidc_name_claim": ("CLAIM", "What names people. [preferred_username]"),
    "oidc_groups_claim": ("CLAIM", "What has their groups. [groups]"),
    "oidc_create_users": ("on|off", "Whether people who are not known yet become users. [on]"),
    "unsigned_webhook_triggers": (
        "on|off",
        "Whether addresses that start something take calls without signature. [on]",
    ),
    "webhooks_allow_http": ("on|off", "Whether webhooks may be sent without TLS. [off]"),
    "webhooks_allowed_networks": (
        "NETWORKS",
        "Networks that are not public and may receive webhooks, with commas between. [none]",
    ),
}
"""The settings that only a server has: what their flags take, and what they say."""
Wait: TypeAlias = Annotated[bool, typer.Option("--wait", help="Show its progress until it ends; exit 1 if it fails.")]
Key: TypeAlias = Annotated[
    str | None, typer.Option("--key", metavar="KEY", help="The same key starts nothing a second time.")
]
OfEnvironment: TypeAlias = Annotated[
    str | None, typer.Option("--environment", "-e", metavar="NAME", help="Only those of this environment.")
]
Most: TypeAlias = Annotated[
    int, typer.Option("--limit", metavar="N", min=1, max=1_000, help="How many at most. [100]", show_default=False)
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON on stdout, for programs.")]
Environment: TypeAlias = Annotated[str, typer.Option("--environment", "-e", metavar="NAME", help="The environment.")]
Workspace: TypeAlias = Annotated[
    str | None, typer.Option("--workspace", "-w", metavar="KEY", help="The workspace; none: any that may be seen.")
]


def with_server_settings(command: Callable[..., None]) -> Callable[..., None]:
    """The command with a flag for every setting of a server; it gets those that were given by name."""
    flags: dict[str, Any] = {"home": Home, "host": Host, "port": Port}
    for name, (metavar, words) in SERVER_SETTINGS.items():
        option = typer.Option(f"--{name.replace('_', '-')}", metavar=metavar, help=_with_variable(name, words))
        flags[name] = Annotated[str | None, option]
    kind = inspect.Parameter.KEYWORD_ONLY
    context = inspect.Parameter("context", kind, annotation=typer.Context)
    more = [inspect.Parameter(name, kind, default=None, annotation=hint) for name, hint in flags.items()]
    command.__signature__ = inspect.Signature([context, *more])  # type: ignore[attr-defined]
    command.__annotations__ = {"context": typer.Context, **flags}
    return command


def _with_variable(name: str, words: str) -> str:
    said, dot, default = words.partition(". [")
    return f"{said} (OSTINATO_{name.upper()}){dot}{default}"


def named_values(given: Sequence[str]) -> dict[str, str]:
    """`NAME=VALUE` as a mapping; raises WrongUsage."""
    values: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise WrongUsage(f"--parameter {text!r} is not NAME=VALUE: write the name, an equals sign and the value")
        values[name] = value
    return values


SHARED = frozenset({"--home", "--host", "--port", "--url", "--api-key"})
"""What every command understands."""


def to_front(arguments: Sequence[str]) -> list[str]:
    """The arguments with the shared options before the name of the command, wherever they were; `--` ends options."""
    front: list[str] = []
    rest: list[str] = []
    waiting = list(arguments)
    while waiting and waiting[0] != "--":
        flag, equals, _ = waiting[0].partition("=")
        taken = 1 if equals or flag not in SHARED else 2
        shared = flag in SHARED and len(waiting) >= taken
        (front if shared else rest).extend(waiting[: taken if shared else 1])
        del waiting[: taken if shared else 1]
    return [*front, *rest, *waiting]


def remember(context: typer.Context, **flags: str | None) -> None:
    """Let the flags that were given override the environment, for this command and the ones below it."""
    given: dict[str, str] = context.ensure_object(dict)
    given.update({f"OSTINATO_{name.upper()}": value for name, value in flags.items() if value is not None})


def settings_of(context: typer.Context) -> Settings:
    """The settings with the flags; a server named by --host or --port wins over OSTINATO_URL."""
    flags: dict[str, str] = context.ensure_object(dict)
    environment = {**os.environ, **flags}
    if {"OSTINATO_HOST", "OSTINATO_PORT"} & flags.keys() and "OSTINATO_URL" not in flags:
        environment.pop("OSTINATO_URL", None)
    try:
        return read_settings(environment)
    except WrongSetting as error:
        raise WrongUsage(str(error)) from error


def server_of(context: typer.Context) -> "Server":
    # The HTTP library takes half of a start; --version, --help and completion do without it.
    from ostinato.cli.client import Server

    return Server(settings_of(context))


def tell_of_more(shown: int, total: int) -> None:
    """A line below a list that is not whole."""
    if total > shown:
        typer.echo(f"{shown} of {total}: use --limit to see more")
