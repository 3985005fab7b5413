"""Artifacts and resources that the tasks of definitions name: what is known of them, and what is written down of their
use."""

from collections.abc import Iterable, Mapping, Sequence

from ostinato.app.definition_state import ArtifactIds, State
from ostinato.core.artifacts import declared
from ostinato.core.definition_artifacts import place_of
from ostinato.core.definition_checks import ReadyTask
from ostinato.core.definitions import KnownArtifact, Place
from ostinato.core.ids import TaskId, WorkspaceId
from ostinato.store import artifacts, resources
from ostinato.store.db import Tx

MOST_SUGGESTED = 10


async def load(tx: Tx, state: State, tasks: Sequence[ReadyTask]) -> None:
    """Put what these tasks name into the state, as far as it is there."""
    await _load_resources(tx, state, tasks)
    named = [(place_of(task.artifact, task.placed.place), task.artifact) for task in tasks if task.artifact is not None]
    here = {place: state.rows[place].place.workspace for place, _ in named if place in state.rows}
    if not here:
        return
    places = {workspace: place for place, workspace in here.items()}
    wanted = [(here[place], ref.name) for place, ref in named if place in here]
    versions = sorted({ref.version for _, ref in named if ref.version is not None})
    for row in await artifacts.known(tx, wanted, versions):
        place = places[row.workspace]
        known = state.known.artifacts.setdefault(place, {}).setdefault(row.name, KnownArtifact(type=row.type))
        known.versions[row.version] = declared(row.parameters)
        ids = state.rows[place].artifacts
        ids.setdefault(row.name, ArtifactIds(artifact=row.id)).versions[row.version] = row.version_id
    await _suggest(tx, state, here, ((place, ref.name) for place, ref in named if place in here))


async def keep_uses(tx: Tx, state: State, tasks: Mapping[TaskId, ReadyTask]) -> None:
    """Write down what tasks use that were made or changed."""
    uses, given = [], []
    for task, ready in tasks.items():
        if ready.artifact is not None:
            place = place_of(ready.artifact, ready.placed.place)
            ids = state.rows[place].artifacts[ready.artifact.name]
            version = None if ready.artifact.version is None else ids.versions[ready.artifact.version]
            uses.append(artifacts.Use(task=task, artifact=ids.artifact, version=version))
            own = state.rows[ready.placed.place].resources
            given += [
                resources.Use(task=task, parameter=parameter, resource=own[name])
                for parameter, name in ready.artifact.resources.items()
            ]
    if tasks:
        await artifacts.set_uses(tx, list(tasks), uses)
        await resources.set_uses(tx, list(tasks), given)


async def _load_resources(tx: Tx, state: State, tasks: Sequence[ReadyTask]) -> None:
    """The resources that these tasks name; of the workspaces that have not all of them, what there is instead."""
    named = {
        (task.placed.place, name)
        for task in tasks
        if task.artifact is not None and task.placed.place in state.rows
        for name in task.artifact.resources.values()
    }
    if not named:
        return
    here = {state.rows[place].place.workspace: place for place, _ in named}
    wanted = [(state.rows[place].place.workspace, name) for place, name in sorted(named)]
    for row in await resources.known(tx, wanted):
        place = here[row.workspace]
        state.known.resources.setdefault(place, set()).add(row.name)
        state.rows[place].resources[row.name] = row.id
    for workspace, place in here.items():
        if any(name not in state.known.resources.get(place, ()) for at, name in named if at == place):
            state.known.resource_names[place] = await resources.names(tx, workspace, MOST_SUGGESTED)


async def _suggest(tx: Tx, state: State, here: Mapping[Place, WorkspaceId], named: Iterable[tuple[Place, str]]) -> None:
    """What there is instead, where a name goes nowhere."""
    for place in {place for place, name in named if name not in state.known.artifacts.get(place, {})}:
        state.known.artifact_names[place] = await artifacts.names(tx, here[place], MOST_SUGGESTED)
