"""`ostinato admin`: users and the record of changes, on the server's own machine, whether the server runs or not."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from ostinato.cli import options, text
from ostinato.core.access import TENANT_ROLES

if TYPE_CHECKING:
    from ostinato.store.users import User

Name = Annotated[str, typer.Argument(metavar="NAME", help="The user.")]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read a password from stdin instead of asking for it.")
]
Roles = Annotated[
    list[str] | None,
    typer.Option("--role", metavar="ROLE", help=f"A role in the whole installation: {', '.join(TENANT_ROLES)}."),
]


def create_user(
    context: typer.Context,
    name: Name,
    role: Roles = None,
    full_name: Annotated[str | None, typer.Option("--full-name", metavar="TEXT", show_default=False)] = None,
    email: Annotated[str | None, typer.Option("--email", metavar="ADDRESS", show_default=False)] = None,
    service_account: Annotated[
        bool, typer.Option("--service-account", help="For a program: it has keys and no password.")
    ] = False,
) -> None:
    """Make a user, without rights unless roles are given."""
    # The server's parts take longer to load than most commands take to run.
    from ostinato.app.people import UserChange
    from ostinato.cli import machine

    about = UserChange(full_name=full_name, email=email, roles=role or ())
    machine.create_user(options.settings_of(context), name, "service_account" if service_account else "person", about)
    typer.echo(f"{name} is made")


def deactivate_user(context: typer.Context, name: Name) -> None:
    """Refuse a user from the next request on, with whatever key."""
    _set_active(context, name, active=False)
    typer.echo(f"{name} is deactivated")


def activate_user(context: typer.Context, name: Name) -> None:
    """Let a user in again."""
    _set_active(context, name, active=True)
    typer.echo(f"{name} is active")


def set_roles(context: typer.Context, name: Name, role: Roles = None) -> None:
    """Give a user these roles in the whole installation, and no others."""
    # The server's parts take longer to load than most commands take to run.
    from ostinato.app.people import UserChange
    from ostinato.cli import machine

    machine.change_user(options.settings_of(context), name, UserChange(roles=role or ()))
    typer.echo(f"{name} has the roles {', '.join(sorted(role))}" if role else f"{name} has no role")


def set_password(context: typer.Context, name: Name, password_stdin: FromStdin = False) -> None:
    """Give a person a password to sign in with.

    All their sessions end.
    """
    # The server's parts take longer to load than most commands take to run.
    from ostinato.cli import machine

    password = (
        sys.stdin.readline().rstrip("\n")
        if password_stdin
        else typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    )
    machine.set_password(options.settings_of(context), name, password)
    typer.echo(f"{name} has a new password")


def list_users(context: typer.Context, json: options.Json = False) -> None:
    """List users and service accounts."""
    # The server's parts take longer to load than most commands take to run.
    from ostinato.cli import machine

    found = machine.list_users(options.settings_of(context))
    if json:
        typer.echo(msgspec.json.encode([_as_json(user) for user in found]))
    else:
        rows = [
            (user.name, user.kind, "yes" if user.active else "no", _words(user.roles), _words(user.groups))
            for user in found
        ]
        typer.echo("\n".join(text.columns(("NAME", "KIND", "ACTIVE", "ROLES", "GROUPS"), rows)))


def check_audit(context: typer.Context) -> None:
    """Compute the chain of all records of changes again.

    Exits with 1 if a record is missing or was changed.
    """
    # The server's parts take longer to load than most commands take to run.
    from ostinato.cli import machine

    broken = machine.check_audit(options.settings_of(context))
    if broken is not None:
        typer.echo(f"The record at place {broken} is missing or is not as it was written", err=True)
        raise typer.Exit(1)
    typer.echo("Every record is as it was written")


def _set_active(context: typer.Context, name: str, *, active: bool) -> None:
    # The server's parts take longer to load than most commands take to run.
    from ostinato.app.people import UserChange
    from ostinato.cli import machine

    machine.change_user(options.settings_of(context), name, UserChange(active=active))


def _words(names: Sequence[str]) -> str:
    return ", ".join(names) or "-"


def _as_json(user: "User") -> dict[str, Any]:
    return {
        "name": user.name,
        "kind": user.kind,
        "fullName": user.full_name,
        "email": user.email,
        "active": user.active,
        "roles": user.roles,
        "groups": user.groups,
    }
