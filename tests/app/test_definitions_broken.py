"""Files that are wrong, below tests/broken. Their first lines say what is to be said of them:

# expect: LINE: PATH: MESSAGE [ALLOWED, ALLOWED]
"""

from pathlib import Path

import pytest

from ostinato.app import definitions
from ostinato.app.definitions import Bundle, File
from ostinato.core.errors import Invalid
from tests.app.flights import FLIGHTS, VARIABLES, bundle

BROKEN = sorted((Path(__file__).parent.parent / "broken").glob("*.yaml"))


@pytest.mark.parametrize("path", BROKEN, ids=[path.stem for path in BROKEN])
async def test_a_broken_file_is_refused_with_every_problem_at_its_line(app, admin, now, path):
    await definitions.apply(app, admin, bundle(FLIGHTS), now)
    text = path.read_text(encoding="utf-8")
    expected = [line.removeprefix("# expect: ") for line in text.splitlines() if line.startswith("# expect: ")]

    with pytest.raises(Invalid) as refusal:
        await definitions.apply(app, admin, Bundle(files=[File(name=path.name, text=text)], variables=VARIABLES), now)

    assert [told(path.name, problem) for problem in refusal.value.problems] == expected
    assert VARIABLES["PASSWORD"] not in str(refusal.value)
    assert "s3cret" not in str(refusal.value)


def test_there_are_enough_broken_files():
    assert len(BROKEN) >= 40


def told(file, problem):
    assert problem.file == file
    allowed = f" [{', '.join(problem.allowed)}]" if problem.allowed else ""
    return str(problem).removeprefix(f"{file}:") + allowed


async def test_problems_of_several_files_are_told_together(app, admin, now):
    wrong = bundle("tasks: [\n", "environment: Nowhere\n" + FLIGHTS, FLIGHTS.replace("type: Query", "type: Quary"))

    with pytest.raises(Invalid) as refusal:
        await definitions.apply(app, admin, wrong, now)

    assert [str(problem).split(":")[0] for problem in refusal.value.problems] == ["a.yaml", "b.yaml", "c.yaml"]


async def test_a_name_in_two_files_is_refused_with_both_places(app, admin, now):
    with pytest.raises(Invalid) as refusal:
        await definitions.apply(app, admin, bundle(FLIGHTS, FLIGHTS), now)

    problems = [str(problem) for problem in refusal.value.problems]
    assert problems[0] == (
        "b.yaml:3: workspaces[0].key: the workspace 'flights' is defined twice, first in a.yaml:3 (workspaces[0].key)"
    )
    assert len(problems) == 8


async def test_a_definition_that_is_wrong_itself_may_be_referred_to(app, admin, now):
    with pytest.raises(Invalid) as refusal:
        await definitions.apply(app, admin, bundle(FLIGHTS.replace("timeout: 600", "timeout: soon")), now)

    assert [problem.path for problem in refusal.value.problems] == ["tasks[0].timeout"]


async def test_an_unknown_environment_of_the_request_is_refused(app, admin, now):
    with pytest.raises(Invalid, match="there is no environment 'Produktion': did you mean 'Production'"):
        await definitions.apply(app, admin, bundle(FLIGHTS, environment="Produktion"), now)


async def test_thousands_of_problems_are_cut_off(app, admin, now):
    with pytest.raises(Invalid) as refusal:
        await definitions.apply(app, admin, bundle("workspace: w\ntasks:\n" + "  - {}\n" * 3_000), now)

    assert len(refusal.value.problems) == 1_001
    assert str(refusal.value.problems[-1]) == "and 5,000 more problems, which are not listed"


async def test_variables_that_cannot_be_stored_are_refused(app, admin, now):
    with pytest.raises(Invalid, match=r"variables\.PASSWORD: it has a character that cannot be stored"):
        await definitions.apply(app, admin, bundle(FLIGHTS, variables=VARIABLES | {"PASSWORD": "a\x00"}), now)


async def test_a_file_that_is_there_twice_is_refused(app, admin, now):
    twice = Bundle(files=[File(name="a.yaml", text=""), File(name="a.yaml", text="")])

    with pytest.raises(Invalid, match=r"files\[1\]\.name: 'a.yaml' is here twice"):
        await definitions.apply(app, admin, twice, now)
