"""Work orders: what a worker needs for the attempts that were just claimed."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
import structlog

from ostinato.app.application import App, Held
from ostinato.core import secrets
from ostinato.core.artifacts import LATEST, declared, values_for
from ostinato.core.contracts import ArtifactOrder, Launch, OpenOrder, ResourceOrder, WorkOrder
from ostinato.core.errors import Conflict, Problem
from ostinato.core.ids import RunId
from ostinato.core.parameters import Resolved, resolve
from ostinato.core.talend_jobs import escaped
from ostinato.store import artifacts, connections, resources
from ostinato.store.attempts import Claimed
from ostinato.store.db import Tx

log = structlog.get_logger()


async def make(app: App, tx: Tx, claimed: Sequence[Claimed], now: datetime) -> dict[RunId, Held]:
    """The orders of these attempts, with the connections they use and the values of their parameters."""
    wanted = {(run.workspace, name) for run in claimed for name in run.uses}
    sealed = await connections.for_launch(tx, sorted(wanted)) if wanted else []
    found = {(connection.workspace, connection.name): connection for connection in sealed}
    pinned = await _artifacts(tx, claimed)
    given = await _resources(tx, claimed)
    held = {}
    for run in claimed:
        artifact = pinned.get(run.run)
        resources_of = given.get(run.run, {})
        resolved = _values(run, artifact, resources_of)
        order = WorkOrder(
            run=run.run,
            attempt=run.attempt,
            lease=run.lease,
            task_type=run.task_type,
            task_name=run.task_name,
            config=run.config,
            connections={n: open_order(app, found[run.workspace, n]) for n in run.uses if (run.workspace, n) in found},
            parameters=dict(resolved.values),
            invalid="; ".join(map(str, resolved.problems)),
            artifact=None if artifact is None else _artifact_order(artifact),
            resources={name: one for name, one in resources_of.items() if one is not None},
        )
        launch = Launch(run=run.run, attempt=run.attempt, lease=run.lease, engine="local", timeout_s=run.timeout_s)
        held[run.run] = Held(launch=launch, losses=run.losses, retries=run.retries, order=order)
    return held


async def _artifacts(tx: Tx, claimed: Sequence[Claimed]) -> dict[RunId, artifacts.Pinned]:
    """The versions of those runs whose tasks name an artifact; most name none, and cost nothing."""
    pins = []
    for run in claimed:
        if isinstance(name := run.config.get("artifact"), str):
            version, key = run.config.get("version", LATEST), run.config.get("workspace")
            fixed = None if version == LATEST else str(version)
            pins.append(artifacts.Pin(run=run.run, workspace=run.workspace, key=key, name=name, version=fixed))
    return {one.run: one for one in await artifacts.pin(tx, pins)} if pins else {}


async def _resources(tx: Tx, claimed: Sequence[Claimed]) -> dict[RunId, dict[str, ResourceOrder | None]]:
    """The resources of those runs whose tasks name some, by parameter; None: it is not there any more."""
    named = {
        run.run: {name: given for name, given in wanted.items() if isinstance(given, str)}
        for run in claimed
        if "artifact" in run.config and isinstance(wanted := run.config.get("resources"), dict)
    }
    workspaces = {run.run: run.workspace for run in claimed}
    wanted_rows = sorted({(workspaces[run], name) for run, names in named.items() for name in names.values()})
    rows = await resources.for_launch(tx, wanted_rows) if wanted_rows else []
    orders = {
        (row.workspace, row.name): ResourceOrder(digest=row.digest, is_file=row.is_file, file_name=row.file_name)
        for row in rows
    }
    return {
        run: {parameter: orders.get((workspaces[run], name)) for parameter, name in names.items()}
        for run, names in named.items()
    }


def _values(
    run: Claimed, artifact: artifacts.Pinned | None, resources_of: Mapping[str, ResourceOrder | None]
) -> Resolved:
    """The values of parameters, but of those that are paths of resources."""
    layers = [run.parameters or {}, run.surroundings]
    if artifact is not None:
        gone = tuple(
            Problem(path=f"config.resources.{name}", message="there is no such resource any more")
            for name, resource in resources_of.items()
            if resource is None
        )
        of_artifact = {name: one for name, one in declared(artifact.parameters).items() if name not in resources_of}
        resolved = values_for(of_artifact, run.declared, layers)
        return msgspec.structs.replace(resolved, problems=(*resolved.problems, *gone))
    resolved = resolve(run.declared, layers)
    if "artifact" not in run.config:
        return resolved
    missing = Problem(path="config.artifact", message="there is no such artifact, or no such version of it, any more")
    return msgspec.structs.replace(resolved, problems=(missing, *resolved.problems))


def _artifact_order(artifact: artifacts.Pinned) -> ArtifactOrder:
    return ArtifactOrder(name=artifact.name, version=artifact.version, digest=artifact.digest, entry=artifact.entry)


def open_order(app: App, connection: connections.Sealed | connections.Held) -> OpenOrder:
    """Decrypt the secrets of one connection; one that cannot be decrypted is left out, and opening it will say so."""
    clear = {}
    for field, text in connection.secrets.items():
        try:
            clear[field] = app.keyring.decrypt(text, connection.workspace, connection.name, field)
        except Conflict as error:
            log.error("secret.unreadable", connection=connection.name, field=field, error=str(error))
    told = [form for secret in clear.values() for form in (secret, _as_json(secret), escaped(secret))]
    config = secrets.put_back(connection.config, clear)
    return OpenOrder(type=connection.type, config=config, secrets=tuple(dict.fromkeys(told)))


def _as_json(secret: str) -> str:
    """As programs may show it that are given it as JSON."""
    return msgspec.json.encode(secret).decode()[1:-1]
