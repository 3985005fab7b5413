"""What may be declared of a parameter, and what values fit."""

import math

import pytest

from ostinato.core.parameters import Parameter, fitted, problems_of, problems_of_values


@pytest.mark.parametrize(
    ("kind", "value", "result"),
    [
        ("boolean", "yes", True),
        ("boolean", "OFF", False),
        ("boolean", "false", False),
        ("integer", "1234567890123456789", 1234567890123456789),
        ("integer", 5.0, 5),
        ("number", 5, 5.0),
        ("number", 10**300, 1e300),
        ("string", True, "true"),
    ],
)
def test_a_value_becomes_what_its_type_wants(kind, value, result):
    found = fitted(Parameter(type=kind), value)

    assert (found, type(found)) == (result, type(result))


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ("boolean", "maybe", "expected true or false"),
        ("integer", 1e18, "put one of more than 15 digits in quotes"),
        ("integer", True, "expected a whole number, not true"),
        ("number", "nan", "expected a finite number"),
        ("number", math.inf, "expected a finite number"),
        ("number", 10**400, "expected a number"),
        ("string", "a\x00", "without NUL"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(kind, value, message):
    with pytest.raises(ValueError, match=message):
        fitted(Parameter(type=kind), value)


def test_defaults_and_values_are_checked_one_by_one():
    declared = {"a": Parameter(default=1), "b": Parameter(type="integer", default="5"), "c": Parameter(required=True)}

    assert [str(problem) for problem in problems_of(declared)] == [
        "parameters.a.default: expected text: put it in quotes, or say its type"
    ]
    assert [str(problem) for problem in problems_of_values({"a": "x" * 10_001, "b": 5, "c": math.nan})] == [
        "parameters.a: expected text of at most 10,000 characters, without NUL",
        "parameters.c: expected a finite number",
    ]
