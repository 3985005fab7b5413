"""What is refused of cron expressions, and where."""

from datetime import UTC, datetime
from itertools import islice

import pytest

from ostinato.core.errors import Invalid
from ostinato.core.triggers import Cron, Trigger, check, upcoming

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REFUSED_BY_QUARTZ = {
    "0 0 1 * 2": "character 9 (day of week): day of month and day of week cannot both be given",
    "* * * * *": "cannot both be given",
    "0 0 1 * *": "cannot both be given",
    "0 0 ? * ?": "character 9 (day of week): only one of day of month and day of week can be ?",
    "? 0 1 * ?": "character 1 (minute): ? can only stand for the day of month or the day of week",
    "0 ? 1 * ?": "character 3 (hour)",
    "0 0 1 ? ?": "character 7 (month)",
    "0 0 1 * ? ?": "character 11 (year)",
    "0 0 ?,1 * ?": "character 5 (day of month): ? stands alone",
    "0 0 ? * 2#6": "character 11 (day of week): 2#6: a number from 1 to 5 follows #",
    "0 0 ? * 2#0": "a number from 1 to 5 follows #",
    "0 0 ? * 8#1": "character 9 (day of week): 8 is not from 1 to 7",
    "0 0 ? * 0": "0 is not from 1 to 7",
    "0 0 ? * 8": "8 is not from 1 to 7",
    "0 0 ? * 2#1,3#2": "# stands in one single element",
    "0 0 ? * 2#1,5": "# stands in one single element",
    "0 0 ? * 1,6L": "L stands in one single element",
    "0 0 ? * 2#": "# stands in one single element",
    "0 0 ? * XYZ": "'XYZ' is not SUN to SAT or a number from 1 to 7",
    "0 0 1,L * ?": "character 7 (day of month): '1,L': L, L-3, LW and L-3W stand alone",
    "0 0 L,1 * ?": "stand alone",
    "0 0 5L * ?": "stand alone",
    "0 0 L-31 * ?": "character 7 (day of month): L-31: the offset from the last day is at most 30",
    "0 0 1,15W * ?": "W follows one single day",
    "0 0 1-5W * ?": "W follows one single day",
    "0 0 W * ?": "W follows one single day",
    "0 0 32W * ?": "32 is not from 1 to 31",
    "0 0 0 * ?": "0 is not from 1 to 31",
    "0 0 32 * ?": "32 is not from 1 to 31",
    "60 0 1 * ?": "character 1 (minute): 60 is not from 0 to 59",
    "0 24 1 * ?": "character 3 (hour): 24 is not from 0 to 23",
    "0 0 1 13 ?": "character 7 (month): 13 is not from 1 to 12",
    "0 0 1 0 ?": "0 is not from 1 to 12",
    "0 0 1 FOO ?": "'FOO' is not JAN to DEC or a number from 1 to 12",
    "0/60 0 1 * ?": "character 3 (minute): a step of 60 is not from 1 to 59",
    "0 0/24 1 * ?": "a step of 24 is not from 1 to 23",
    "*/0 0 1 * ?": "a step of 0 is not from 1 to 59",
    "0 0 1 * ? 1969": "1969 is not from 1970 to 2099",
    "0 0 1 * ? 2100": "2100 is not from 1970 to 2099",
    "0 0 1 * ? 2030-2020": "2030-2020 ends before it begins",
    "0 0 12 1 * ? 2026": "7 fields where there are 5 or 6",
    "0 0 1 *": "4 fields where there are 5 or 6",
    "": "0 fields",
    "@daily": "Quartz has no names such as '@daily': use the dialect unix",
    "/ 0 1 * ?": "character 0",
    "1,,2 0 1 * ?": "character 3 (minute): nothing between commas",
    "0 0 1 * LW": "'LW': L stands in one single element",
    "0 0 ? * MONW": "'MONW' is not SUN to SAT",
}
REFUSED_BY_UNIX = {
    "60 * * * *": "character 1 (minute): 60 is not from 0 to 59",
    "* 24 * * *": "character 3 (hour): 24 is not from 0 to 23",
    "* * 0 * *": "character 5 (day of month): 0 is not from 1 to 31",
    "* * * 13 *": "character 7 (month): 13 is not from 1 to 12",
    "* * * * 8": "character 9 (day of week): 8 is not from 0 to 7",
    "* * 1,32 * *": "character 7 (day of month): 32 is not from 1 to 31",
    "* * * * MON-FRY": "character 13 (day of week): 'FRY' is not SUN to SAT or a number from 0 to 7",
    "* * ? * *": "character 5 (day of month): ? belongs to Quartz: write * here, or use the dialect quartz",
    "* * L * *": "L belongs to Quartz",
    "* * 15W * *": "character 7 (day of month): W belongs to Quartz",
    "* * * * 5L": "L belongs to Quartz",
    "* * * * 5#3": "# belongs to Quartz",
    "* 22-2 * * *": "character 3 (hour): 22-2 ends before it begins",
    "* * * * FRI-MON": "FRI-MON ends before it begins",
    "*/0 * * * *": "a step of 0 is not from 1 to 9999",
    "*-5 * * * *": "'*-5' is not understood",
    "1- * * * *": "'1-' is not understood",
    "-1 * * * *": "'-1' is not understood",
    "1.5 * * * *": "'1.5' is not understood",
    "* * * *": "4 fields where Unix cron has 5",
    "0 * * * * *": "6 fields where Unix cron has 5",
    "@reboot": "@reboot is no time",
    "@fortnightly": "'@fortnightly' is no name of a time: use @yearly",
    "* * * * *\n": "is no character of an expression",
    "* * * * \u0661": "character 9: '\u0661' is no character of an expression",
}


@pytest.mark.parametrize(("expression", "message"), REFUSED_BY_QUARTZ.items(), ids=repr)
def test_what_quartz_refuses_is_refused(expression: str, message: str) -> None:
    _refused(Cron(expression=expression, dialect="quartz"), message)


@pytest.mark.parametrize(("expression", "message"), REFUSED_BY_UNIX.items(), ids=repr)
def test_what_is_no_unix_cron_is_refused(expression: str, message: str) -> None:
    _refused(Cron(expression=expression), message)


def _refused(cron: Cron, message: str) -> None:
    with pytest.raises(Invalid) as refused:
        check(Trigger(when=cron))
    (problem,) = refused.value.problems
    assert problem.path == "when.expression"
    assert message in problem.message


@pytest.mark.parametrize("same", ["0 9 * * FRI-SUN", "0 9 * * 5-7", "0  9\t* * fri,sat,7", "00 09 * * 5-7"])
def test_one_thing_may_be_written_in_several_ways(same: str) -> None:
    wanted = list(islice(upcoming(Trigger(when=Cron(expression="0 9 * * 0,5,6")), NOW), 9))
    assert list(islice(upcoming(Trigger(when=Cron(expression=same)), NOW), 9)) == wanted
