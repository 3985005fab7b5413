"""A workspace of definitions that use every kind of thing, for tests to apply and to change."""

from typing import Any

from ostinato.app.application import App
from ostinato.app.definitions import Bundle, File

VARIABLES = {"PORT": "5433", "PASSWORD": "the canary sings"}
FLIGHTS = """\
workspace: flights
workspaces:
  - key: flights
    name: Flights
connections:
  - name: warehouse
    type: postgresql
    config:
      host: db.example.org
      port: ${PORT}
      database: flights
      user: ${DB_USER:-loader}
      password: ${PASSWORD}
  - name: exports
    type: files
    config:
      path: /srv/exports
tasks:
  - name: load
    type: Package
    config:
      kind: command
      command: [load, --all]
    timeout: 600
    retries:
      attempts: 3
      on: [error]
  - name: check
    type: Query
    config:
      connection: warehouse
      query: |
        SELECT *
          FROM flight
  - name: whole day
    type: OrchestrationMap
    config: {plan: day}
plans:
  - name: day
    steps:
      - name: load
        tasks: [load]
      - name: check
        tasks: [check]
        after: [load]
        condition: always_proceed
        on_failure: {tasks: [load]}
        note: every morning
  - name: week
    steps:
      - name: days
        tasks: [whole day]
        plans: [day]
"""


def bundle(*texts: str, environment: str | None = None, variables: dict[str, str] | None = None) -> Bundle:
    """Files a.yaml, b.yaml ... with these texts."""
    files = [File(name=f"{chr(97 + number)}.yaml", text=text) for number, text in enumerate(texts)]
    return Bundle(files=files, environment=environment, variables=VARIABLES if variables is None else variables)


async def rows(app: App) -> dict[str, list[dict[str, Any]]]:
    """Everything that applying could have touched."""
    tables = ["environment", "workspace", "pool", "connection", "task", "plan", "plan_version", "plan_member", "graph"]
    tables += ["plan_part", "plan_order"]
    tables += ["number_series", "app_user", "run"]
    async with app.db.transaction() as tx:
        return {
            table: [dict(row) for row in await tx.fetch(f"SELECT * FROM {table} ORDER BY {table}::text")]
            for table in tables
        }
