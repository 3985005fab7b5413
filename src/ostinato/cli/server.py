"""`ostinato up`: the server itself."""

import typer

from ostinato.cli import options


def up(
    context: typer.Context,
    home: options.Home = None,
    host: options.Host = None,
    port: options.Port = None,
    database_url: options.DatabaseUrl = None,
    secret_key_file: options.SecretKeyFile = None,
    timezone: options.Timezone = None,
    slots: options.Slots = None,
) -> None:
    """Run the server until Ctrl-C.

    API, scheduler and workers in one process tree; the database too, if none is named.
    """
    options.remember(
        context,
        home=home,
        host=host,
        port=port,
        database_url=database_url,
        secret_key_file=secret_key_file,
        timezone=timezone,
        slots=slots,
    )
    settings = options.settings_of(context)
    # The server's parts take longer to load than most commands take to run.
    from ostinato import main

    main.up(settings)
