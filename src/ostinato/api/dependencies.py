"""What every route may ask for by name: the application, and the actor the request comes from.

The framework resolves what does not depend on one another in a group of tasks, which costs more than the rest of its
work for a request. So each of these asks for the one before it.
"""

from typing import Any, TypeAlias

from litestar import Request
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import SkipValidation

from ostinato.app.application import App
from ostinato.core.access import Actor

TheApp: TypeAlias = NamedDependency[SkipValidation[App]]
TheActor: TypeAlias = NamedDependency[SkipValidation[Actor]]


def _app(state: State) -> App:
    app: App = state.app
    return app


def _actor(request: Request[Actor, Any, Any], app: TheApp) -> Actor:
    return request.user


PROVIDED = {"app": Provide(_app, sync_to_thread=False), "actor": Provide(_actor, sync_to_thread=False)}
