"""What a parameter must be, in words: the framework only says which type or bound was missed."""

from collections.abc import Iterator, Sequence
from typing import Any

from litestar.handlers.base import BaseRouteHandler
from litestar.params import ParameterKwarg
from litestar.typing import FieldDefinition

NO_BODY = "'data'"
"""What the framework says of a body that is not there: the name of the argument that it would have become."""


def reworded(handler: BaseRouteHandler, found: Any) -> Any:
    """The framework's findings; those about numbers among the parameters say the whole range."""
    if not isinstance(found, list):
        return found
    return [{**item, "message": _message(handler, item)} for item in found]


def _message(handler: BaseRouteHandler, item: dict[str, Any]) -> str:
    if item["message"] == NO_BODY:
        return "it is missing: send JSON, with the header Content-Type: application/json"
    if item.get("source") != "body":
        for field in _fields(handler):
            if item.get("key") in _names(field) and (words := _number(field)):
                return f"write {words}"
    return str(item["message"])


def _fields(handler: BaseRouteHandler) -> Iterator[FieldDefinition]:
    """The parameters of a route, and of what it depends on."""
    yield from handler.parsed_fn_signature.parameters.values()
    for dependency in handler.resolve_dependencies().values():
        yield from dependency.parsed_fn_signature.parameters.values()


def _names(field: FieldDefinition) -> Sequence[str]:
    known = field.kwarg_definition
    return [field.name, *([known.name] if isinstance(known, ParameterKwarg) and known.name else [])]


def _number(field: FieldDefinition) -> str | None:
    types = {field.annotation, *(inner.annotation for inner in field.inner_types)}
    if not types & {int, float}:
        return None
    words = "a whole number" if int in types else "a number"
    known = field.kwarg_definition
    if not isinstance(known, ParameterKwarg) or known.ge is None or known.le is None:
        return words
    return f"{words} from {known.ge} to {known.le}"
