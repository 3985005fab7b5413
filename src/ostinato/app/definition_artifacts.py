"""Artifacts that the tasks of definitions name: what is known of them, and what is written down of their use."""

from collections.abc import Iterable, Mapping, Sequence

from ostinato.app.definition_state import ArtifactIds, State
from ostinato.core.artifacts import declared
from ostinato.core.definition_artifacts import place_of
from ostinato.core.definition_checks import ReadyTask
from ostinato.core.definitions import KnownArtifact, Place
from ostinato.core.ids import TaskId, WorkspaceId
from ostinato.store import artifacts
from ostinato.store.db import Tx

MOST_SUGGESTED = 10


async def load(tx: Tx, state: State, tasks: Sequence[ReadyTask]) -> None:
    """Put what these tasks name into the state, as far as it is there."""
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
    uses = []
    for task, ready in tasks.items():
        if ready.artifact is not None:
            place = place_of(ready.artifact, ready.placed.place)
            ids = state.rows[place].artifacts[ready.artifact.name]
            version = None if ready.artifact.version is None else ids.versions[ready.artifact.version]
            uses.append(artifacts.Use(task=task, artifact=ids.artifact, version=version))
    if tasks:
        await artifacts.set_uses(tx, list(tasks), uses)


async def _suggest(tx: Tx, state: State, here: Mapping[Place, WorkspaceId], named: Iterable[tuple[Place, str]]) -> None:
    """What there is instead, where a name goes nowhere."""
    for place in {place for place, name in named if name not in state.known.artifacts.get(place, {})}:
        state.known.artifact_names[place] = await artifacts.names(tx, here[place], MOST_SUGGESTED)
