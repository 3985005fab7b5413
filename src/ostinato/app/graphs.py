"""Step graphs, which never change and are therefore remembered."""

from ostinato.app.application import App
from ostinato.core.ids import GraphId
from ostinato.core.plans import Graph
from ostinato.store import graphs
from ostinato.store.db import Tx

MOST_GRAPHS = 10_000


async def graph_of(app: App, tx: Tx, graph: GraphId) -> Graph:
    """A graph from memory, or from the database the first time."""
    if graph not in app.graphs:
        if len(app.graphs) >= MOST_GRAPHS:
            app.graphs.clear()
        app.graphs[graph] = await graphs.get(tx, graph)
    return app.graphs[graph]
