"""What the reference shows works, and every field of every config is explained."""

from typing import Any

import msgspec
import pytest

from ostinato.connections import duckdb, files, mysql, postgresql, sqlite
from ostinato.tasks import compare_query, orchestration_map, package, query
from tests.tasks.recording import RecordingContext

TASK_TYPES: list[Any] = [query, compare_query, package, orchestration_map]
CONNECTION_TYPES: list[Any] = [postgresql, mysql, sqlite, duckdb, files]
EXAMPLES = [pytest.param(t, e, id=f"{t.name}: {e.title}") for t in TASK_TYPES for e in t.examples]
OPENINGS = [pytest.param(t, e, id=f"{t.name}: {e.title}") for t in CONNECTION_TYPES for e in t.examples]


@pytest.mark.parametrize(("task_type", "example"), EXAMPLES)
def test_every_example_of_a_task_type_succeeds(task_type: Any, example: Any, context: RecordingContext) -> None:
    config = msgspec.convert(example.config, task_type.Config)
    assert task_type.connections(config) <= {"warehouse", "exports"}
    if hasattr(task_type, "expand"):
        assert task_type.expand(config)
        return
    outcome = task_type.run(config, context)
    if task_type is not query:
        assert outcome.succeeded, outcome.message


@pytest.mark.parametrize(("connection_type", "example"), OPENINGS)
def test_every_example_of_a_connection_type_is_a_config(connection_type: Any, example: Any) -> None:
    msgspec.convert(example.config, connection_type.Config)


@pytest.mark.parametrize("plugin", [*TASK_TYPES, *CONNECTION_TYPES], ids=lambda plugin: plugin.name)
def test_every_field_of_a_config_is_described(plugin: Any) -> None:
    schema = msgspec.json.schema(plugin.Config)
    for name, struct in schema["$defs"].items():
        assert struct.get("description"), f"{name} has no docstring"
        for field, described in struct["properties"].items():
            assert field == "kind" or described.get("description"), f"{name}.{field} has no description"


@pytest.mark.parametrize("plugin", [*TASK_TYPES, *CONNECTION_TYPES], ids=lambda plugin: plugin.name)
def test_an_unknown_field_is_refused(plugin: Any) -> None:
    with pytest.raises(msgspec.ValidationError, match="colour"):
        msgspec.convert({**plugin.examples[0].config, "colour": "red"}, plugin.Config)


def test_passwords_are_marked_as_secrets() -> None:
    for module in (postgresql, mysql):
        fields = {field.name: field.type for field in msgspec.inspect.type_info(module.Config).fields}  # type: ignore[attr-defined]
        assert fields["password"].extra == {"secret": True}


def test_a_plan_as_a_task_is_one_step_that_runs_it() -> None:
    (step,) = orchestration_map.expand(orchestration_map.Config(plan="Nightly"))
    assert step.plans == ("Nightly",)
    assert orchestration_map.connections(orchestration_map.Config(plan="Nightly")) == frozenset()
