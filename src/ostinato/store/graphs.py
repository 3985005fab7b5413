"""Statements about step graphs: immutable, kept once."""

import hashlib

import msgspec

from ostinato.core.ids import GraphId
from ostinato.core.plans import Graph
from ostinato.store.db import Tx, fetch_value


async def get(tx: Tx, graph: GraphId) -> Graph:
    return msgspec.convert(await fetch_value(tx, "graphs/get", graph), Graph)


async def save(tx: Tx, graph: Graph) -> GraphId:
    """The id of this graph, whether it was there or not."""
    body = msgspec.json.encode(graph)
    saved: GraphId = await fetch_value(tx, "graphs/save", hashlib.sha256(body).digest(), msgspec.to_builtins(graph))
    return saved
