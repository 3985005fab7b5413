"""`ostinato admin`: keys and rights, on the server's own machine, whether the server runs or not."""

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from ostinato.cli import options, text
from ostinato.core.access import ROLES
from ostinato.core.credentials import Kind, preview

if TYPE_CHECKING:
    from ostinato.store.credentials import Listed

LARGEST = 2**63 - 1

User = Annotated[str, typer.Option("--user", metavar="NAME", help="The user; made, without rights, if there is none.")]


def create_key(
    context: typer.Context,
    user: User,
    description: Annotated[str, typer.Option("--description", metavar="TEXT", help="What the key is for.")],
) -> None:
    """Make an API key and print it.

    It is printed alone on stdout, and cannot be shown again.
    """
    # The server's parts take longer to load than most commands take to run.
    from ostinato.cli import machine

    typer.echo(machine.make_key(options.settings_of(context), user, description))


def create_token(
    context: typer.Context,
    user: User,
    description: Annotated[str, typer.Option("--description", metavar="TEXT", help="What the token is for.")],
) -> None:
    """Make a personal access token and print it.

    It is sent as `Authorization: Bearer`. It is printed alone on stdout, and cannot be shown again.
    """
    # The server's parts take longer to load than most commands take to run.
    from ostinato.cli import machine

    typer.echo(machine.make_key(options.settings_of(context), user, description, Kind.TOKEN))


def grant(
    context: typer.Context,
    user: User,
    workspace: Annotated[str, typer.Option("--workspace", metavar="KEY", help="The workspace, at every stage of it.")],
    role: Annotated[str, typer.Option("--role", metavar="ROLE", help=f"{', '.join(ROLES)}.")],
) -> None:
    """Give a user a role in a workspace.

    It replaces the role they had there.
    """
    # The server's parts take longer to load than most commands take to run.
    from ostinato.cli import machine

    machine.grant(options.settings_of(context), user, workspace, role)
    typer.echo(f"{user} is {role} of {workspace}")


def list_keys(
    context: typer.Context,
    user: Annotated[
        str | None, typer.Option("--user", metavar="NAME", help="Only the keys of this user.", show_default=False)
    ] = None,
    json: options.Json = False,
) -> None:
    """List the API keys that work.

    Of a key only the last five characters are shown. The key that the server leaves for this machine is not among them.
    """
    # The server's parts take longer to load than most commands take to run.
    from ostinato.cli import machine

    keys = machine.list_keys(options.settings_of(context), user)
    if json:
        typer.echo(msgspec.json.encode([_as_json(key) for key in keys]))
    elif keys:
        rows = [
            (
                str(key.credential),
                key.user,
                preview(key.kind, key.suffix),
                key.description,
                text.local_time(key.created_at.isoformat()),
                text.local_time(key.last_used_at.isoformat()) if key.last_used_at else "never",
            )
            for key in keys
        ]
        heads = ("ID", "USER", "KEY", "DESCRIPTION", "CREATED", "LAST USED")
        typer.echo("\n".join(text.columns(heads, rows, right=frozenset({"ID"}))))
    else:
        typer.echo(f"{text.plain(user)} has no keys" if user is not None else "There are no keys")


def delete_key(
    context: typer.Context,
    key: Annotated[int, typer.Argument(metavar="ID", min=1, max=LARGEST, help="Its id, from `list-keys`.")],
) -> None:
    """Delete an API key.

    It is refused from the next request on.
    """
    # The server's parts take longer to load than most commands take to run.
    from ostinato.cli import machine

    machine.delete_key(options.settings_of(context), key)
    typer.echo(f"API key {key} is deleted")


def _as_json(key: "Listed") -> dict[str, Any]:
    return {
        "id": key.credential,
        "kind": key.kind,
        "user": key.user,
        "key": preview(key.kind, key.suffix),
        "description": key.description,
        "createdAt": key.created_at,
        "lastUsedAt": key.last_used_at,
    }
