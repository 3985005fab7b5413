"""What tasks make of the parameters of a run."""

from typing import Any

import msgspec
import pytest

from ostinato.core.states import Reason
from ostinato.tasks import compare_query, package, query
from tests.tasks.recording import RecordingContext, run

QUOTES = "Robert'); DROP TABLE orders; --"


def rows(context: RecordingContext, name: str, text: str) -> list[dict[str, Any]]:
    return list(context.connect(name).read(text).read_all().to_pylist())


def test_a_program_has_every_parameter_as_a_variable(context: RecordingContext) -> None:
    context.parameters = {"day": QUOTES, "Day": "other", "n": 5, "x": 2.5, "whole": 2.0, "full": True}

    run(package, context, kind="command", command="env | grep ^OSTINATO_PARAMETER_ | sort")

    assert sorted(context.lines) == [
        "OSTINATO_PARAMETER_Day=other",
        f"OSTINATO_PARAMETER_day={QUOTES}",
        "OSTINATO_PARAMETER_full=true",
        "OSTINATO_PARAMETER_n=5",
        "OSTINATO_PARAMETER_whole=2",
        "OSTINATO_PARAMETER_x=2.5",
    ]


def test_arguments_hold_the_text_of_parameters_and_no_shell_reads_it(context: RecordingContext) -> None:
    context.parameters = {"day": "$HOME; rm", "n": 5}

    run(package, context, kind="command", command=["echo", "--day=${parameter:day}", "${parameter:n}", "${HOME}"])

    assert context.lines == ["--day=$HOME; rm 5 ${HOME}"]


def test_a_line_of_shell_says_how_it_gets_parameters() -> None:
    with pytest.raises(msgspec.ValidationError, match=r'write "\$OSTINATO_PARAMETER_day"'):
        msgspec.convert({"kind": "command", "command": "load ${parameter:day}"}, package.Config)


def test_a_script_gets_literals(context: RecordingContext) -> None:
    context.parameters = {"name": QUOTES, "n": -4, "full": True}
    script = "INSERT INTO customers VALUES (3 -${parameter:n}, ${parameter:name}, CAST(${parameter:full} AS TEXT))"

    outcome = run(package, context, kind="sql", connection="warehouse", script=script)

    assert outcome.succeeded
    assert rows(context, "warehouse", "SELECT * FROM customers WHERE id = 7") == [
        {"id": 7, "name": QUOTES, "country": "true"}
    ]


def test_a_transfer_copies_what_a_parameter_chooses(context: RecordingContext) -> None:
    context.parameters = {"country": "SE"}
    text = "SELECT * FROM customers WHERE country = ${parameter:country}"
    source, target = {"connection": "warehouse", "query": text}, {"connection": "shop", "table": "c"}

    assert run(package, context, kind="transfer", source=source, target=target).rows == 1


def test_a_check_asks_with_a_parameter(context: RecordingContext) -> None:
    context.parameters = {"least": 2}

    text = "SELECT id FROM orders WHERE id > ${parameter:least}"
    assert run(query, context, connection="warehouse", query=text).rows == 1


def test_both_sides_of_a_comparison_ask_with_a_parameter(context: RecordingContext) -> None:
    context.parameters = {"most": 2}
    side = {"connection": "warehouse", "query": "SELECT id FROM orders WHERE id <= ${parameter:most}"}

    outcome = run(compare_query, context, left=side, right=side, columns=[{"name": "id", "role": "key"}])

    assert (outcome.succeeded, outcome.counts["left_rows"], outcome.counts["right_rows"]) == (True, 2, 2)


SIDE = {"connection": "warehouse", "query": "SELECT ${parameter:day} AS id"}
WITHOUT_VALUE: list[tuple[Any, dict[str, Any]]] = [
    (query, SIDE),
    (compare_query, {"left": SIDE, "right": SIDE, "columns": [{"name": "id", "role": "key"}]}),
    (package, {"kind": "sql", "connection": "warehouse", "script": "SELECT ${parameter:day}"}),
    (package, {"kind": "transfer", "source": SIDE, "target": {"connection": "shop", "table": "c"}}),
    (package, {"kind": "command", "command": ["echo", "${parameter:day}"]}),
]


@pytest.mark.parametrize(("task_type", "config"), WITHOUT_VALUE)
def test_without_a_value_nothing_is_done(context: RecordingContext, task_type: Any, config: dict[str, Any]) -> None:
    context.parameters = {"other": 1}

    outcome = run(task_type, context, **config)

    assert (outcome.succeeded, outcome.reason) == (False, Reason.INVALID)
    assert outcome.message == (
        "parameters.day: there is no value for it: give it a default at the task, or a value where the run is started"
    )
