"""Copies of resources for one attempt, which may do with them what it wants."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from ostinato import archives
from ostinato.core.contracts import ResourceOrder
from ostinato.core.errors import Invalid
from ostinato.worker.artifacts import ArtifactCache

FOLDER = "resources"
"""Within that of the attempt."""


def place(orders: Mapping[str, ResourceOrder], cache: ArtifactCache, folder: Path) -> dict[str, str]:
    """The paths of the copies by parameter, files and folders that zips were unpacked into; raises Invalid."""
    paths = {}
    for parameter, order in orders.items():
        target = folder / FOLDER / parameter
        try:
            paths[parameter] = str(_copy_file(order, cache, target) if order.is_file else _unpack(order, cache, target))
        except Invalid as error:
            at = f"resources.{parameter}"
            raise Invalid(*(msgspec.structs.replace(one, path=at) for one in error.problems)) from error
    return paths


def _copy_file(order: ResourceOrder, cache: ArtifactCache, target: Path) -> Path:
    target.mkdir(parents=True, mode=0o700)
    file = target / (order.file_name or target.name)
    cache.copy(order.digest, file)
    return file


def _unpack(order: ResourceOrder, cache: ArtifactCache, target: Path) -> Path:
    target.parent.mkdir(mode=0o700, exist_ok=True)
    with cache.use(order.digest) as unpacked:
        archives.copy(unpacked, target)
    return target
