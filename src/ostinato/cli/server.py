"""`ostinato up`: the server itself."""

import typer

from ostinato.cli import options


@options.with_server_settings
def up(context: typer.Context, **flags: str | None) -> None:
    """Run the server until Ctrl-C.

    API, scheduler and workers in one process tree; the database too, if none is named.
    """
    options.remember(context, **flags)
    settings = options.settings_of(context)
    # The server's parts take longer to load than most commands take to run.
    from ostinato import main

    main.up(settings)
