"""The command line: one file per noun. Exit codes: see `ostinato.cli.errors`."""

import errno
from typing import Annotated, Any

import msgspec
import typer
from typer.core import TyperGroup

from ostinato import __version__
from ostinato.cli import (
    admin,
    artifacts,
    backfills,
    data_triggers,
    definitions,
    demo,
    listing,
    options,
    resources,
    runs,
    schedules,
    server,
    users,
    webhook_triggers,
    webhooks,
)
from ostinato.cli.errors import INTERRUPTED, Failure
from ostinato.cli.text import problem_line
from ostinato.core.errors import Invalid, OstinatoError

HELP = """Ostinato: a self-hosted data-orchestration server, and the commands that talk to it.

The commands find their server by --url, or by --host and --port; their key by --api-key, or on the server's own
machine in the data folder (--home). These options go before the name of the command, or after it.

Exit codes: 0 success; 1 the run failed, or the server refused; 2 wrong usage or a wrong setting; 3 the server is
not reachable; 130 interrupted.
"""


class Commands(TyperGroup):
    """Takes the options that all commands share before and after their names.

    Says in a line on stderr why a command failed, instead of a traceback.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, options.to_front(args))

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Failure as failure:
            typer.echo(str(failure), err=True)
            raise typer.Exit(failure.code) from failure
        except msgspec.ValidationError as error:
            typer.echo(f"The server's answer is not understood; is it of another version? ({error})", err=True)
            raise typer.Exit(1) from error
        except OSError as error:
            if error.errno == errno.EPIPE:  # nobody reads any more, which the library ends quietly
                raise
            typer.echo(": ".join(str(part) for part in (error.filename, error.strerror or error) if part), err=True)
            raise typer.Exit(1) from error
        except KeyboardInterrupt as interruption:
            raise typer.Exit(INTERRUPTED) from interruption
        except OstinatoError as refusal:
            problems = refusal.problems if isinstance(refusal, Invalid) else ()
            typer.echo("\n".join(map(problem_line, problems)) or str(refusal), err=True)
            raise typer.Exit(2 if problems else 1) from refusal


app = typer.Typer(cls=Commands, help=HELP, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True)
administration = typer.Typer(
    help="Users, keys and rights, on the server's own machine.", rich_markup_mode=None, no_args_is_help=True
)
runs_of_all = typer.Typer(help="The runs there were.", rich_markup_mode=None, no_args_is_help=True)

given = typer.Typer(help="Files and folders that tasks get.", rich_markup_mode=None, no_args_is_help=True)

packed = typer.Typer(
    help="Artifacts: work that comes packed, in versions.", rich_markup_mode=None, no_args_is_help=True
)

called = typer.Typer(
    help="Addresses that start a task or plan when they are called.", rich_markup_mode=None, no_args_is_help=True
)

schedule = typer.Typer(help="What is scheduled, and when triggers fire.", rich_markup_mode=None, no_args_is_help=True)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ostinato {__version__}")
        raise typer.Exit


@app.callback()
def take_options(
    context: typer.Context,
    home: options.Home = None,
    host: options.Host = None,
    port: options.Port = None,
    url: options.Url = None,
    api_key: options.ApiKey = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    options.remember(context, home=home, host=host, port=port, url=url, api_key=api_key)


app.command()(server.up)
app.command()(definitions.apply)
app.command()(definitions.diff)
app.command()(definitions.export)
app.command()(definitions.schema)
app.command()(runs.run)
app.command()(runs.status)
app.command()(runs.logs)
app.command()(runs.cancel)
app.command()(runs.rerun)
app.command()(runs.pause)
app.command()(runs.resume)
runs_of_all.command("list")(listing.list_runs)
app.add_typer(runs_of_all, name="runs")
app.command()(demo.demo)
administration.command()(admin.create_key)
administration.command()(admin.list_keys)
administration.command()(admin.delete_key)
administration.command()(admin.create_token)
administration.command()(admin.grant)
administration.command()(users.create_user)
administration.command()(users.deactivate_user)
administration.command()(users.activate_user)
administration.command()(users.set_roles)
administration.command()(users.set_password)
administration.command()(users.list_users)
administration.command()(users.check_audit)
packed.command()(artifacts.publish)
packed.command(name="list")(artifacts.list_artifacts)
packed.command()(artifacts.delete)
app.add_typer(packed, name="artifact")
given.command()(resources.add)
given.command(name="list")(resources.list_resources)
given.command()(resources.delete)
app.add_typer(given, name="resource")
app.add_typer(administration, name="admin")
schedule.command("list")(schedules.list_schedules)
schedule.command()(schedules.preview)
schedule.command()(schedules.explain)
app.add_typer(schedule, name="schedule")
called.command("list")(webhook_triggers.list_triggers)
called.command()(webhook_triggers.create)
called.command()(webhook_triggers.rotate)
called.command()(webhook_triggers.delete)
called.command()(webhook_triggers.calls)
app.add_typer(called, name="webhook-trigger")
past = typer.Typer(help="Runs for times in the past.", rich_markup_mode=None, no_args_is_help=True)
past.command()(backfills.start)
past.command("list")(backfills.list_backfills)
past.command()(backfills.show)
past.command()(backfills.cancel)
app.add_typer(past, name="backfill")
by_data = typer.Typer(help="What starts when data has come.", rich_markup_mode=None, no_args_is_help=True)
by_data.command("list")(data_triggers.list_data_triggers)
by_data.command()(data_triggers.create)
by_data.command()(data_triggers.delete)
app.add_typer(by_data, name="data-trigger")
notifications = typer.Typer(help="Who is told of runs.", rich_markup_mode=None, no_args_is_help=True)
notifications.command("list")(webhooks.list_webhooks)
notifications.command()(webhooks.create)
notifications.command()(webhooks.delete)
notifications.command()(webhooks.deliveries)
notifications.command()(webhooks.ping)
notifications.command()(webhooks.rotate)
notifications.command()(webhooks.redeliver)
app.add_typer(notifications, name="webhook")

__all__ = ["app"]
