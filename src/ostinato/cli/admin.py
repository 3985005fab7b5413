"""`ostinato admin`: keys and rights, on the server's own machine, whether the server runs or not."""

from typing import Annotated

import typer

from ostinato.cli import options
from ostinato.core.access import ROLES

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
