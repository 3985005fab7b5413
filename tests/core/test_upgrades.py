"""What a task declares that is made from an artifact, and what of it goes along to another version."""

import pytest

from ostinato.core.errors import Invalid
from ostinato.core.parameters import Parameter
from ostinato.core.upgrades import carry, declare

TIMES = Parameter(type="integer", required=True)
WHO = Parameter(default="world", description="Who is greeted.")
ARTIFACT = {"who": WHO, "times": TIMES}


def test_every_parameter_is_declared_and_those_without_a_value_follow_the_artifact() -> None:
    found, problems = declare(ARTIFACT, {"times": "3"}, {})
    assert problems == []
    assert found == {
        "who": Parameter(description="Who is greeted."),
        "times": Parameter(type="integer", required=True, default=3),
    }


def test_a_prefix_is_taken_off_only_where_there_is_no_such_name() -> None:
    artifact = {"who": WHO, "parameter_who": WHO}
    found, problems = declare(artifact, {"parameter_who": "a", "who": "b"}, {})
    assert problems == []
    assert (found["parameter_who"].default, found["who"].default) == ("a", "b")
    found, problems = declare({"who": WHO}, {"parameter_who": "a"}, {})
    assert (found["who"].default, problems) == ("a", [])


def test_a_value_that_was_open_before_stays_open() -> None:
    assert declare(ARTIFACT, {}, {"times": TIMES})[1] == []
    [missing] = declare(ARTIFACT, {}, {"times": Parameter(type="integer", default=3)})[1]
    assert missing.path == "parameters.times"


def test_what_is_wrong_with_a_required_value_is_said_once() -> None:
    [wrong] = declare(ARTIFACT, {"parameter_times": "many"}, {})[1]
    assert (wrong.path, wrong.message) == ("parameters.parameter_times", "expected a whole number")


def test_none_is_no_value() -> None:
    assert declare(ARTIFACT, {"who": None, "times": 1}, {})[0]["who"].default is None


def test_values_go_along_as_far_as_they_fit() -> None:
    new = {"times": Parameter(), "who": Parameter(type="integer", default=1), "more": Parameter(default="x")}
    before = {"times": Parameter(type="integer", default=3), "who": Parameter(default="me"), "gone": Parameter()}
    carried = carry(new, before, reset=False)
    assert {name: one.default for name, one in carried.items()} == {"times": "3", "who": None, "more": None}


def test_a_reset_takes_the_values_of_the_version() -> None:
    carried = carry({"who": WHO}, {"who": Parameter(default="me")}, reset=True)
    assert carried["who"].default == "world"


@pytest.mark.parametrize("reset", [False, True])
def test_a_required_value_must_be_there(reset: bool) -> None:
    with pytest.raises(Invalid, match="the version needs a value of it"):
        carry(ARTIFACT, {"who": WHO}, reset=reset)
    assert carry(ARTIFACT, {"times": TIMES}, reset=reset)["times"].default is None
