"""The reference of all commands as Markdown, made from the commands themselves."""

import inspect
from collections.abc import Iterator
from typing import Any

import typer

from ostinato.cli import app

INTRODUCTION = """# The command line

Made from the commands by `make generate`. How to use them: [Use the command line](../howto/use-the-command-line.md).
"""


def command_reference() -> str:
    """The text of docs/reference/cli.md."""
    return "\n".join([INTRODUCTION, *_sections(typer.main.get_command(app), "ostinato", 2)]).rstrip() + "\n"


def _sections(command: Any, path: str, depth: int) -> Iterator[str]:
    yield f"{'#' * depth} {path}\n"
    yield f"{inspect.cleandoc(command.help or '')}\n"
    inside = getattr(command, "commands", {})
    arguments = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
    wanted = " ".join(_argument(parameter) for parameter in arguments)
    usage = " ".join(part for part in (path, "[OPTIONS]", wanted, "COMMAND" if inside else "") if part)
    yield f"```\n{usage}\n```\n"
    rows = [_row(parameter) for parameter in command.params if not _is_of_the_library(parameter)]
    if rows:
        yield "\n".join(["| | |", "|---|---|", *rows]) + "\n"
    for name, inner in inside.items():
        yield from _sections(inner, f"{path} {name}", depth + 1 if depth == 2 else depth)


def _row(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        name = f"`{_argument(parameter)}`"
    else:
        metavar = f" {parameter.metavar}" if parameter.metavar else ""
        name = ", ".join(f"`{flag}{metavar}`" for flag in parameter.opts)
    default = f" [{parameter.default}]" if isinstance(parameter.default, str) else ""
    required = " Required." if parameter.required and parameter.param_type_name == "option" else ""
    meaning = (parameter.help or "").replace("|", "\\|")
    return f"| {name} | {meaning}{default}{required} |"


def _argument(parameter: Any) -> str:
    name = str(parameter.metavar or parameter.name.upper()).strip("[]")
    return name if parameter.required else f"[{name}]"


def _is_of_the_library(parameter: Any) -> bool:
    return parameter.name in {"install_completion", "show_completion", "help"}
