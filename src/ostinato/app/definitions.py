"""Definitions as code: files applied, compared, and written out again.

Everything in a request is applied or nothing is. What exists and is the same is left: applying the same files twice
changes nothing, not even a time. Whoever applies needs AUTHOR in the workspaces that change, and has to be an
administrator to make or change environments, workspaces, pools and lists of holidays; for schedules and
data triggers, EXECUTE is enough.
"""

import asyncio
from contextlib import suppress
from datetime import datetime

import msgspec

from ostinato.app import definition_data_triggers, definition_keeping, definition_schedules, definition_state
from ostinato.app.application import App
from ostinato.app.definition_configs import resolve
from ostinato.app.definition_export import export_files
from ostinato.app.definition_keeping import Wanted
from ostinato.app.definition_schema import schema
from ostinato.app.schedules import going_on
from ostinato.app.yaml_files import decode, parse
from ostinato.core.access import Actor
from ostinato.core.definition_changes import Action, Change
from ostinato.core.definition_reading import collect
from ostinato.core.definitions import Kind
from ostinato.core.errors import Invalid, NotFound, Problem
from ostinato.store.db import Tx

__all__ = ["Action", "Bundle", "Change", "File", "Kind", "apply", "decode", "diff", "export", "schema"]

LONGEST_FILES = 20_000_000


class _TakenBack(Exception):
    """Ends a transaction without a trace."""


class File(msgspec.Struct):
    """A file of definitions; `name` is how problems call it. `decode` makes the text of bytes."""

    name: str
    text: str


class Bundle(msgspec.Struct, kw_only=True):
    """Files that are applied together. `environment` overrides what they say; `variables` go into connections."""

    files: list[File]
    variables: dict[str, str] = {}
    environment: str | None = None


async def apply(app: App, actor: Actor, bundle: Bundle, now: datetime) -> list[Change]:
    """Make and change what the files define, all of it or (Invalid with every problem, Forbidden) nothing."""
    clock = going_on(now)
    wanted = await asyncio.to_thread(_read, bundle)
    await definition_keeping.prepare(app, actor, wanted, now)

    async def work(tx: Tx) -> list[Change]:
        changes, _ = await definition_keeping.keep(app, tx, actor, wanted, now, clock)
        return changes

    return await app.db.run(work)


async def diff(app: App, actor: Actor, bundle: Bundle, now: datetime) -> list[Change]:
    """What `apply` would do, with the same refusals; where only doing it shows them, it is done and taken back."""
    clock = going_on(now)
    wanted = await asyncio.to_thread(_read, bundle)
    await definition_keeping.prepare(app, actor, wanted, now)
    async with app.db.transaction() as tx:
        changes, may_make_rings = await definition_keeping.compare(app, tx, actor, wanted, now)

    async def work(tx: Tx) -> None:
        changes[:], _ = await definition_keeping.keep(app, tx, actor, wanted, now, clock)
        raise _TakenBack

    if may_make_rings:
        with suppress(_TakenBack):
            await app.db.run(work)
    return changes


async def export(app: App, actor: Actor, environment: str, workspace: str | None) -> list[File]:
    """The definitions of an environment as files, which change nothing when they are applied; raises NotFound.

    Secrets are left out: placeholders such as ${WAREHOUSE_PASSWORD} stand for them.
    """
    async with app.db.transaction() as tx:
        wanted = None if workspace is None else [(environment, workspace)]
        state = await definition_state.load(app, tx, actor, [environment], wanted)
        await definition_schedules.load(tx, actor, state, [environment])
        await definition_data_triggers.load(tx, actor, state, [environment])
    if environment not in state.environments:
        raise NotFound("Environment", environment)
    if workspace is not None and (environment, workspace) not in state.known.workspaces:
        raise NotFound("Workspace", workspace)
    return [File(name=name, text=text) for name, text in export_files(state.known, environment, workspace)]


def _read(bundle: Bundle) -> Wanted:
    problems = _bundle_problems(bundle)
    sources = []
    for file in bundle.files if not problems else ():
        try:
            sources += parse(file.name, file.text)
        except Invalid as refusal:
            problems += refusal.problems
    collected, wrong = collect(sources, bundle.environment)
    ready = resolve(collected, bundle.variables)
    return Wanted(
        files=[file.name for file in bundle.files],
        collected=collected,
        ready=ready,
        problems=[*problems, *wrong, *ready.problems],
    )


def _bundle_problems(bundle: Bundle) -> list[Problem]:
    problems = []
    if sum(len(file.text) for file in bundle.files) > LONGEST_FILES:
        problems.append(Problem(path="files", message="the files together are larger than 20 MB: apply them in parts"))
    seen: set[str] = set()
    for number, file in enumerate(bundle.files):
        if file.name in seen:
            problems.append(Problem(path=f"files[{number}].name", message=f"{file.name!r} is here twice"))
        seen.add(file.name)
    for name, value in bundle.variables.items():
        if "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value):
            problems.append(Problem(path=f"variables.{name}", message="it has a character that cannot be stored"))
    return problems
