"""The OpenAPI document of each dialect, generated from its routes.

The web framework writes OpenAPI 3.1; the Swagger UI that can be had from the package index reads 3.0, so the document
is said again in the words of 3.0. The difference that matters here is how a schema says that something may be null.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec
from litestar import Litestar, Router
from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.spec import Components, SecurityScheme
from litestar.routes import HTTPRoute

from ostinato import __version__
from ostinato.api.problems import MEDIA_TYPE, ProblemDetails, Refusal, answer

WORDS = {
    400: "A parameter or the body cannot be used.",
    401: "The API key is missing or not recognised, or its user has been deactivated.",
    403: "The key is valid, but its user lacks the access this needs.",
    404: "It does not exist, or the user of the key may not see it.",
    409: "It is not possible at the moment.",
    413: "The body is too large.",
    422: "The input is wrong; `errors` says where.",
    429: "Too many at the same time, or failures before: wait as long as `Retry-After` says.",
    503: "The server is starting, or its database does not answer: try again.",
}


TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
LARGEST = 2**63 - 1
"""The framework takes bounds for floating-point numbers, which know only the one after this."""


def refusals(*statuses: int, body: type[msgspec.Struct] = ProblemDetails) -> dict[int, ResponseSpec]:
    """The documented refusals of a route; where a key is needed, those of the wall before it as well."""
    behind_the_wall = (429, 503) if 401 in statuses else ()
    return {
        status: ResponseSpec(
            data_container=body, description=WORDS[status], media_type=MEDIA_TYPE, generate_examples=False
        )
        for status in sorted({*statuses, *behind_the_wall})
    }


def document(
    router: Router,
    title: str,
    description: str,
    examples: Mapping[str, Any] = MappingProxyType({}),
    *,
    header: str = "X-API-Key",
    bearer: bool = False,
) -> bytes:
    """The OpenAPI 3.0 document of one dialect, as JSON; `examples` by the names of the objects they are of, `header` is
    where its clients send the key, unless they send it as a bearer token."""
    key = SecurityScheme(type="apiKey", name=header, security_scheme_in="header", description="An API key: txk_...")
    if bearer:
        key = SecurityScheme(type="http", scheme="bearer", description="A personal access token, or an API key")
    config = OpenAPIConfig(
        title=title,
        version=__version__,
        description=description,
        components=Components(security_schemes={"ApiKey": key}),
        security=[{"ApiKey": []}],
        use_handler_docstrings=True,
    )
    app = Litestar([router], openapi_config=config, logging_config=None)
    said = _say(msgspec.to_builtins(app.openapi_schema.to_schema()))
    said["openapi"] = "3.0.3"
    for name in _closed_bodies(app):
        said["components"]["schemas"][name]["additionalProperties"] = False
    for name, example in examples.items():
        said["components"]["schemas"][name]["example"] = example
    for path, item in said["paths"].items():
        for operation in item.values():
            operation.setdefault("tags", [_heading(path)])
            _forget_the_framework(operation["responses"])
            _show_problems(operation["responses"])
    return msgspec.json.encode(said)


def _heading(path: str) -> str:
    """What the explorer lists an operation under that names nothing: `/api/v1/runs/{run_id}` is one of Runs."""
    return re.sub(r"^/api/v\d+(?=/)", "", path).split("/")[1].capitalize()


def _closed_bodies(app: Litestar) -> set[str]:
    """The names of the objects in bodies that take no fields but their own; the framework does not tell."""
    handlers = [handler for route in app.routes if isinstance(route, HTTPRoute) for handler in route.route_handlers]
    bodies = [handler.parsed_data_field.annotation for handler in handlers if handler.parsed_data_field is not None]
    open_ends = [msgspec.inspect.type_info(body) for body in bodies]
    closed = set()
    while open_ends:
        kind = open_ends.pop()
        if isinstance(kind, msgspec.inspect.StructType):
            if kind.forbid_unknown_fields:
                closed.add(kind.cls.__name__)
            open_ends += [field.type for field in kind.fields]
        elif isinstance(kind, msgspec.inspect.ListType | msgspec.inspect.CollectionType):
            open_ends.append(kind.item_type)
        elif isinstance(kind, msgspec.inspect.UnionType):
            open_ends += kind.types
        elif isinstance(kind, msgspec.inspect.Metadata):
            open_ends.append(kind.type)
    return closed


def _forget_the_framework(responses: dict[str, Any]) -> None:
    """The framework documents its own body for wrong parameters, which our handlers replace: ours are problem JSON."""
    said = responses.get("400", {}).get("content", {}).get("application/json", {})
    if "status_code" in said.get("schema", {}).get("properties", {}):
        del responses["400"]


def _show_problems(responses: dict[str, Any]) -> None:
    """An example of each refusal, in place of one made of zeros."""
    for status, response in responses.items():
        if MEDIA_TYPE in response.get("content", {}):
            shown = answer(Refusal(status=int(status), detail=response["description"]), TRACE)
            response["content"][MEDIA_TYPE]["example"] = msgspec.json.decode(shown.body)


def _say(part: Any) -> Any:
    """Any part of a 3.1 document in 3.0."""
    if isinstance(part, list):
        return [_say(item) for item in part]
    if not isinstance(part, dict):
        return part
    said = {name: _say(value) for name, value in part.items()}
    if isinstance(said.get("oneOf"), list):
        said = _say_choice(said)
    if isinstance(said.get("type"), list):
        said = _say_types(said)
    if "const" in said:
        said["enum"] = [said.pop("const")]
    for bound in ("minimum", "maximum"):
        if said.get("type") == "integer" and isinstance(said.get(bound), float):
            said[bound] = min(int(said[bound]), LARGEST)
    return said


def _say_choice(said: dict[str, Any]) -> dict[str, Any]:
    everything = said.pop("oneOf")
    choices = [choice for choice in everything if choice != {"type": "null"}]
    nullable = {"nullable": True} if len(choices) < len(everything) else {}
    if len(choices) != 1:
        return {**said, **nullable, "oneOf": choices}
    only = {"allOf": choices} if "$ref" in choices[0] else choices[0]
    return {**only, **said, **nullable}


def _say_types(said: dict[str, Any]) -> dict[str, Any]:
    kinds = [kind for kind in said["type"] if kind != "null"]
    nullable = {"nullable": True} if "null" in said["type"] else {}
    if len(kinds) == 1:
        return {**said, "type": kinds[0], **nullable}
    return {name: value for name, value in said.items() if name != "type"} | nullable
