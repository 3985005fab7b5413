"""`ostinato demo`: the main job on real data."""

import typer

from ostinato.cli import options


def demo(context: typer.Context) -> None:
    """Run the example on 336,776 flights.

    Loads, checks, compares and summarises them, and shows what happened. Exit code 0 means that all went as
    documented, the check that fails in the data included.
    """
    # The server's parts take longer to load than most commands take to run.
    from ostinato.cli.demo_story import tell

    tell(options.settings_of(context))
