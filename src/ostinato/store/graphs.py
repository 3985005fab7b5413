"""Statements about step graphs: immutable, kept once."""

import hashlib
from collections.abc import Sequence

import msgspec

from ostinato.core.ids import GraphId
from ostinato.core.plans import Graph
from ostinato.store.db import Tx, fetch, fetch_value


async def get(tx: Tx, graph: GraphId) -> Graph:
    return msgspec.convert(await fetch_value(tx, "graphs/get", graph), Graph)


async def several(tx: Tx, wanted: Sequence[GraphId]) -> dict[GraphId, Graph]:
    return {row.id: row.body for row in await fetch(tx, "graphs/several", _Stored, wanted)}


async def save(tx: Tx, graph: Graph) -> GraphId:
    """The id of this graph, whether it was there or not."""
    body = msgspec.json.encode(graph)
    saved: GraphId = await fetch_value(tx, "graphs/save", hashlib.sha256(body).digest(), msgspec.to_builtins(graph))
    return saved


class _Stored(msgspec.Struct, frozen=True):
    id: GraphId
    body: Graph
