"""The operations of the Talend API."""

from litestar import Router

from ostinato.api.dependencies import PROVIDED
from ostinato.api.talend.connections import CONNECTIONS
from ostinato.api.talend.environments import ENVIRONMENTS
from ostinato.api.talend.ids import SHARED
from ostinato.api.talend.resources import RESOURCES
from ostinato.api.talend.workspaces import WORKSPACES

ORCHESTRATION = Router("/orchestration", route_handlers=[CONNECTIONS, ENVIRONMENTS, RESOURCES, WORKSPACES])
TALEND = Router("/", route_handlers=[ORCHESTRATION], dependencies={**PROVIDED, **SHARED})
"""Everything of this dialect."""
