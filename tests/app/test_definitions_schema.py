"""The published schema and the reference say what the server does."""

import re

import jsonschema
import pytest
from tools import definitions_reference

from ostinato import plugins
from ostinato.app import definitions
from ostinato.app.definitions import Action
from ostinato.app.yaml_files import parse
from tests.app.flights import FLIGHTS, bundle


@pytest.fixture(scope="module")
def validator():
    schema = definitions.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def wrong(validator, text):
    (source,) = parse("a.yaml", text)
    return [list(error.path) for error in validator.iter_errors(source.data)]


def test_a_file_that_can_be_applied_is_valid(validator):
    assert wrong(validator, FLIGHTS) == []


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("name: load", "nam: load", ["tasks", 0]),
        ("timeout: 600", "timeout: soon", ["tasks", 0, "timeout"]),
        ("type: Query", "type: Quary", ["tasks", 1, "type"]),
        ("kind: command", "kind: comand", ["tasks", 0, "config"]),
        ("port: ${PORT}", "port: many", ["connections", 0, "config", "port"]),
        ("path: /srv/exports", "pth: /srv/exports", ["connections", 1, "config"]),
        ("always_proceed", "always", ["plans", 0, "steps", 1, "condition"]),
    ],
)
def test_a_file_that_is_refused_is_not_valid(validator, old, new, path):
    assert path in wrong(validator, FLIGHTS.replace(old, new, 1))


def test_every_installed_type_has_its_config_in_the_schema(validator):
    for owner, names in (("Task", plugins.task_type_names()), ("Connection", plugins.connection_type_names())):
        chosen = [choice["if"]["properties"]["type"]["const"] for choice in validator.schema["$defs"][owner]["allOf"]]
        assert chosen == list(names)


@pytest.mark.parametrize("name", plugins.task_type_names())
def test_the_examples_of_a_task_type_are_valid(validator, name):
    for example in plugins.task_type(name).examples:
        data = {"workspace": "w", "tasks": [{"name": "a", "type": name, "config": example.config}]}
        assert [error.message for error in validator.iter_errors(data)] == []


@pytest.mark.parametrize("name", plugins.connection_type_names())
def test_the_examples_of_a_connection_type_are_valid(validator, name):
    for example in plugins.connection_type(name).examples:
        data = {"workspace": "w", "connections": [{"name": "a", "type": name, "config": example.config}]}
        assert [error.message for error in validator.iter_errors(data)] == []


def test_the_schema_file_is_up_to_date():
    written = definitions_reference.SCHEMA.read_text(encoding="utf-8")

    assert written == definitions_reference.schema_text(), "run python -m tools.definitions_reference"


def test_the_reference_is_up_to_date():
    written = definitions_reference.PAGE.read_text(encoding="utf-8")

    assert written == definitions_reference.page(written), "run python -m tools.definitions_reference"


async def test_the_examples_of_the_reference_are_valid_and_can_be_applied(app, admin, now, validator):
    text = definitions_reference.PAGE.read_text(encoding="utf-8")
    examples = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)

    changes = await definitions.apply(app, admin, bundle(*examples, variables={"WAREHOUSE_PASSWORD": "x"}), now)

    assert [wrong(validator, example) for example in examples] == [[], [], []]
    assert {change.action for change in changes} == {Action.CREATED}


async def test_the_examples_of_the_howto_are_valid_and_can_be_applied(app, admin, now, validator):
    text = (definitions_reference.FOLDER.parent / "howto" / "define-a-pipeline.md").read_text(encoding="utf-8")
    examples = [found for found in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if "tasks:" in found]

    changes = await definitions.apply(app, admin, bundle(*examples, variables={"WAREHOUSE_PASSWORD": "x"}), now)

    assert [wrong(validator, example) for example in examples] == [[], []]
    assert {change.name for change in changes} >= {"Daily sales", "Clean up", "warehouse", "Production"}
