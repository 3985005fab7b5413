"""Step graphs, which never change and are therefore remembered."""

from collections.abc import Iterable, Mapping

from ostinato.app.application import App
from ostinato.core.ids import GraphId
from ostinato.core.plans import Graph
from ostinato.store import graphs
from ostinato.store.db import Tx

MOST_GRAPHS = 10_000


async def graph_of(app: App, tx: Tx, graph: GraphId) -> Graph:
    """A graph from memory, or from the database the first time."""
    if graph not in app.graphs:
        _remember(app, {graph: await graphs.get(tx, graph)})
    return app.graphs[graph]


async def graphs_of(app: App, tx: Tx, wanted: Iterable[GraphId]) -> dict[GraphId, Graph]:
    """The same of several."""
    found = {graph: app.graphs.get(graph) for graph in wanted}
    missing = [graph for graph, known in found.items() if known is None]
    read = await graphs.several(tx, missing) if missing else {}
    _remember(app, read)
    return read | {graph: known for graph, known in found.items() if known is not None}


def _remember(app: App, found: Mapping[GraphId, Graph]) -> None:
    if len(app.graphs) + len(found) > MOST_GRAPHS:
        app.graphs.clear()
    app.graphs.update(found)
