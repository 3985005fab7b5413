"""The operations of the Talend API."""

from litestar import Router

from ostinato.api.dependencies import PROVIDED
from ostinato.api.talend.artifacts import ARTIFACTS
from ostinato.api.talend.connections import CONNECTIONS
from ostinato.api.talend.environments import ENVIRONMENTS
from ostinato.api.talend.ids import SHARED
from ostinato.api.talend.oauth import OAUTH
from ostinato.api.talend.plans import PLANS
from ostinato.api.talend.projects import PROJECTS
from ostinato.api.talend.promotions import PROMOTIONS
from ostinato.api.talend.resources import RESOURCES
from ostinato.api.talend.run_configs import RUN_CONFIGS
from ostinato.api.talend.schedule_links import SCHEDULE_LINKS
from ostinato.api.talend.schedules import SCHEDULES
from ostinato.api.talend.security import PERMISSIONS
from ostinato.api.talend.security_batches import BATCHES
from ostinato.api.talend.tasks import TASKS
from ostinato.api.talend.workspaces import WORKSPACES

EXECUTABLE_TASKS = Router("/executables/tasks", route_handlers=[*TASKS, *RUN_CONFIGS], tags=["Tasks"])
ORCHESTRATION = Router(
    "/orchestration",
    route_handlers=[
        ENVIRONMENTS,
        WORKSPACES,
        ARTIFACTS,
        CONNECTIONS,
        RESOURCES,
        EXECUTABLE_TASKS,
        PLANS,
        SCHEDULES,
        SCHEDULE_LINKS,
        PROJECTS,
        PROMOTIONS,
    ],
)
SECURITY = Router("/security", route_handlers=[PERMISSIONS, BATCHES, OAUTH])
TALEND = Router("/", route_handlers=[ORCHESTRATION, SECURITY], dependencies={**PROVIDED, **SHARED})
"""Everything of this dialect."""
