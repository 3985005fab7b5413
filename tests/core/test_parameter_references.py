"""References to parameters become literals in SQL and plain text elsewhere, or are refused with a reason."""

import pytest

from ostinato.core.errors import Invalid
from ostinato.core.parameter_references import as_sql, as_text, references, require_literals

VALUES = {"day": "it's", "n": -5, "x": 5.0, "yes": True, "path": "a\\b"}


def sql(text: str, *, standard: bool = True) -> str:
    return as_sql(text, VALUES, standard=standard)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("a = ${parameter:day}", "a = 'it''s'"),
        ("(${parameter:day})", "('it''s')"),
        ("${parameter:day}::date", "'it''s'::date"),
        ("1 -${parameter:n}", "1 -(-5)"),
        ("${parameter:x}/2", "5.0/2"),
        ("NOT ${parameter:yes}", "NOT TRUE"),
        ("${parameter:path}", "'a\\b'"),
        ("'it''s' = ${parameter:day} -- why '", "'it''s' = 'it''s' -- why '"),
        ("a #>> '{b}' = ${parameter:day}", "a #>> '{b}' = 'it''s'"),
        ("LIKE 'a' ESCAPE '\\' OR ${parameter:yes}", "LIKE 'a' ESCAPE '\\' OR TRUE"),
        ("$1 ${NAME} ${parameter}", "$1 ${NAME} ${parameter}"),
    ],
)
def test_a_reference_becomes_a_literal_of_its_type(text: str, result: str) -> None:
    require_literals("query", text)
    assert sql(text) == result


QUOTED = [
    "'${parameter:day}'",
    "LIKE 'a%${parameter:day}%'",
    'SELECT 1 AS "${parameter:day}"',
    "SELECT 1 AS `a ${parameter:day}`",
    "'it''s ' || ' ${parameter:day} '",
    "E'it\\'s ${parameter:day} '",
    "DO $$ ${parameter:day} $$",
    "DO $a$ $$ ${parameter:day} $a$",
    "'never closed ${parameter:day} ",
]
COMMENTED = ["SELECT 1 -- ${parameter:day}", "/* it's ${parameter:day} */", "/* ${parameter:day} "]
TOUCHED = ["E${parameter:day}", "${parameter:day}${parameter:n}", "U&${parameter:day}", "${parameter:day}'x'"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        *((text, "stands in quotes: leave them out") for text in QUOTED),
        *((text, "stands in a comment: take it out") for text in COMMENTED),
        *((text, "touches what is beside it: put a space there") for text in TOUCHED),
    ],
)
@pytest.mark.parametrize("standard", [True, False])
def test_where_a_reference_would_be_no_literal_it_is_refused(text: str, reason: str, standard: bool) -> None:
    with pytest.raises(ValueError, match=rf"^query: \$\{{parameter:day\}} {reason}"):
        require_literals("query", text)
    with pytest.raises(Invalid, match=reason):
        sql(text, standard=standard)


@pytest.mark.parametrize("text", ["'it\\'s ${parameter:day} '", "# it's\n 'a ${parameter:day} '", "# ${parameter:day}"])
def test_what_is_quoted_in_other_dialects_is_refused_there(text: str) -> None:
    with pytest.raises(Invalid, match=r"stands in (quotes|a comment)"):
        sql(text, standard=False)


def test_a_text_that_a_dialect_might_read_otherwise_is_refused() -> None:
    with pytest.raises(Invalid, match=r"parameters\.path: its value has a backslash or NUL, which this connection"):
        sql("${parameter:path}", standard=False)
    with pytest.raises(Invalid, match="backslash or NUL"):
        as_sql("${parameter:a}", {"a": "\x00"}, standard=True)


def test_every_value_that_is_missing_is_named_once() -> None:
    with pytest.raises(Invalid) as refusal:
        sql("${parameter:a} ${parameter:day} ${parameter:b c} ${parameter:a}")
    assert [problem.path for problem in refusal.value.problems] == ["parameters.a", "parameters.b c"]
    with pytest.raises(Invalid, match=r"parameters\.a: there is no value for it: give it a default at the task"):
        as_text("${parameter:a}", VALUES)


def test_text_is_put_in_as_it_is() -> None:
    text = "--day=${parameter:day} ${parameter:n} ${parameter:x} ${parameter:yes} ${HOME} $${parameter:path}"
    assert as_text(text, VALUES) == "--day=it's -5 5 true ${HOME} $a\\b"
    assert references(text) == ["day", "n", "x", "yes", "path"]
