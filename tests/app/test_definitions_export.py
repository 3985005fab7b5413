"""What is exported makes the same again."""

import string
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ostinato.app import definitions
from ostinato.app.definitions import Action, Bundle, File
from ostinato.app.yaml_files import dump, parse
from ostinato.core.errors import NotFound
from tests.app.flights import FLIGHTS, VARIABLES, bundle, rows

EXPORTED = """\
environment: Production
workspace: flights
workspaces:
  - key: flights
    name: Flights
connections:
  - name: exports
    type: files
    config:
      path: /srv/exports
  - name: warehouse
    type: postgresql
    config:
      host: db.example.org
      port: 5433
      database: flights
      user: loader
      password: ${WAREHOUSE_PASSWORD}
tasks:
  - name: check
    type: Query
    config:
      connection: warehouse
      query: |
        SELECT *
          FROM flight
  - name: load
    type: Package
    config:
      kind: command
      command:
        - load
        - --all
    timeout: 600
    retries:
      attempts: 3
      'on':
        - error
  - name: whole day
    type: OrchestrationMap
    config:
      plan: day
plans:
  - name: day
    steps:
      - name: load
        tasks:
          - load
      - name: check
        tasks:
          - check
        after:
          - load
        condition: always_proceed
        on_failure:
          tasks:
            - load
        note: every morning
  - name: week
    steps:
      - name: days
        tasks:
          - whole day
        plans:
          - day
"""

NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=80)
WORDS = st.sampled_from(["no", "on", "08", "0x1F", "1e3", "12:30:45", "2026-01-01", "~", "null", "${A}", "$${", "a: b"])
LINES = st.lists(st.text(string.printable, max_size=20), max_size=5).map("\n".join).filter(bool)
ANY = TEXTS | WORDS | LINES


async def test_an_export_reads_like_a_file_that_people_write(app, admin, now):
    await definitions.apply(app, admin, bundle(FLIGHTS), now)

    (file,) = await definitions.export(app, admin, "Production", "flights")

    assert (file.name, file.text) == ("flights.yaml", EXPORTED)


async def test_applying_an_export_changes_nothing(app, admin, now):
    await definitions.apply(app, admin, bundle(FLIGHTS), now)
    before = await rows(app)
    files = await definitions.export(app, admin, "Production", None)

    variables = {"WAREHOUSE_PASSWORD": VARIABLES["PASSWORD"]}
    changes = await definitions.apply(app, admin, Bundle(files=files, variables=variables), now + timedelta(days=1))

    assert [file.name for file in files] == ["_environment.yaml", "flights.yaml"]
    assert {change.action for change in changes} == {Action.LEFT}
    assert await rows(app) == before


async def test_an_export_of_one_environment_makes_another(app, admin, now):
    await definitions.apply(app, admin, bundle(FLIGHTS), now)
    files = await definitions.export(app, admin, "Production", "flights")

    variables = {"WAREHOUSE_PASSWORD": "another"}
    promoted = Bundle(files=files, variables=variables, environment="Test")
    assert {change.action for change in await definitions.apply(app, admin, promoted, now)} == {Action.CREATED}
    again = await definitions.export(app, admin, "Test", "flights")

    assert again[0].text == files[0].text.replace("environment: Production", "environment: Test")


async def test_no_secret_is_exported(app, admin, now):
    await definitions.apply(app, admin, bundle(FLIGHTS), now)

    assert VARIABLES["PASSWORD"] not in str(await definitions.export(app, admin, "Production", None))


async def test_connections_of_similar_names_have_variables_of_their_own(app, admin, now):
    one = "  - {name: my db, type: mysql, config: {database: d, user: u, password: '${A}'}}\n"
    two = one.replace("my db", "my-db").replace("A", "B")
    text = f"workspace: w\nworkspaces: [{{key: w}}]\nconnections:\n{one}{two}"
    await definitions.apply(app, admin, bundle(text, variables={"A": "1", "B": "2"}), now)

    (file,) = await definitions.export(app, admin, "Production", "w")
    again = Bundle(files=[file], variables={"MY_DB_PASSWORD": "1", "MY_DB_PASSWORD_2": "2"})

    assert {change.action for change in await definitions.apply(app, admin, again, now)} == {Action.LEFT}


async def test_an_unknown_environment_cannot_be_exported(app, admin, now):
    with pytest.raises(NotFound, match="Environment 'Nowhere' does not exist"):
        await definitions.export(app, admin, "Nowhere", None)


def files_of(name, text, config_text, timeout):
    """A workspace with everything in which a text may stand."""
    data = {
        "workspace": "w",
        "workspaces": [{"key": "w", "name": name, "description": text}],
        "connections": [
            {
                "name": name,
                "type": "files",
                "config": {"path": config_text.replace("${", "$${"), "null_values": ["x", ""]},
            },
            {"name": f"{name[:20]} db", "type": "mysql", "config": {"database": "d", "user": "u", "password": "${PW}"}},
        ],
        "tasks": [
            {"name": name, "type": "Query", "config": {"connection": name, "query": config_text}, "timeout": timeout},
            {"name": f"{name[:20]} map", "type": "OrchestrationMap", "config": {"plan": name}, "description": text},
        ],
        "plans": [
            {"name": name, "steps": [{"name": name, "tasks": [name], "note": text}]},
            {"name": f"{name[:20]} all", "steps": [{"name": name, "tasks": [f"{name[:20]} map"], "plans": [name]}]},
        ],
    }
    return [File(name="w.yaml", text=dump(data))]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=NAMES, text=ANY, config_text=ANY, secret=ANY, timeout=st.floats(0.001, 1e7))
async def test_whatever_is_applied_is_left_when_its_export_is(
    app, admin, now, name, text, config_text, secret, timeout
):
    await empty(app)
    files = files_of(name, text, config_text, timeout)
    await definitions.apply(app, admin, Bundle(files=files, variables={"PW": secret}), now)

    exported = await definitions.export(app, admin, "Production", "w")
    password = parse("w.yaml", exported[0].text)[0].data["connections"]
    variables = {
        connection["config"]["password"][2:-1]: secret for connection in password if "password" in connection["config"]
    }
    changes = await definitions.apply(app, admin, Bundle(files=exported, variables=variables), now)

    assert [change for change in changes if change.action is not Action.LEFT] == []


async def empty(app):
    async with app.db.transaction() as tx:
        await tx.execute(
            "TRUNCATE workspace, connection, task_ever, plan_ever, plan_version, plan_member, plan_part, plan_order,"
            " graph CASCADE"
        )
