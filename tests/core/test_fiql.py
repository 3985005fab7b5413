"""Filters in FIQL: what they match, what is refused and where, and that a hostile one costs nothing."""

import re
import time
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ostinato.core.errors import Invalid, Problem
from ostinato.core.fiql import (
    LONGEST,
    ORDERED,
    And,
    Compare,
    Comparison,
    Distance,
    FieldKind,
    Filter,
    Given,
    Or,
    Pattern,
    Value,
    Wanted,
    folded,
    matches,
    parse,
)

NOW = datetime(2006, 7, 1, 9, 30, tzinfo=UTC)
FIELDS = {
    "name": FieldKind.TEXT,
    "description": FieldKind.TEXT,
    "environment.name": FieldKind.TEXT,
    "workspace.environment.id": FieldKind.TEXT,
    "status": FieldKind.TEXT,
    "count": FieldKind.NUMBER,
    "managed": FieldKind.BOOLEAN,
    "updated": FieldKind.TIME,
}
DEV: Mapping[str, Value] = {
    "name": "Development",
    "description": "The  first environment\n of all",
    "environment.name": "default",
    "workspace.environment.id": "57f64991e4b0b689a64feed1",
    "status": "PAIRED",
    "count": 123,
    "managed": True,
    "updated": datetime(2003, 12, 13, 18, 30, 2, tzinfo=UTC),
}
TRUE_OF_DEV = (
    "name==Dev*",
    "name==Dev*;description==*environment*",
    "environment.name==default",
    "workspace.environment.id==57f64991e4b0b689a64feed1;status==PAIRED",
    "name==DEVELOPMENT",
    "name==d*v*t",
    "name==*",
    "name!=dev",
    "name!=*x*",
    "name==Dev*t",
    "name==%44evelopment",
    "na%6De==Development",
    " name == Development ; status == PAIRED ",
    "name=='Dev*'",
    'name=="Dev*" ; status',
    "description==the%20first environment of all",
    "description=='the first   environment of *'",
    "name==x,status==PAIRED",
    "name==x;status==PAIRED,count==123",
    "count==123,name==x;status==x",
    "(name==x,status==PAIRED);count==123",
    "((name))",
    "managed",
    "managed==true",
    "managed!=FALSE",
    "count==123.00",
    "count==+123",
    "count=lt=200",
    "count=le=123",
    "count=ge=123",
    "count=GT=-1.5",
    "count!='5'",
    "updated==2003-12-13T18:30:02Z",
    "updated==2003-12-13T20:30:02+02:00",
    "updated==2003-12-13T20:30:02 02:00",
    "updated=gt=2003-12-13T00:00:00Z",
    "updated=lt=2005-01-01T00:00:00Z",
    "updated=lt=-P1D",
    "updated=gt=-P5Y",
    "updated=lt=PT0.5S",
)
FALSE_OF_DEV = (
    "name==Dev",
    "name!=Development",
    "name==Dev%2A",
    r"name=='Dev\*'",
    "name==x,status==PAIRED;count==0",
    "(name==x,status==PAIRED);count==0",
    "managed==false",
    "count=gt=500",
    "count=lt=123",
    "updated=gt=-P1DT12H",
    "updated=ge=P1M",
    "description==*just",
)


@pytest.mark.parametrize("text", TRUE_OF_DEV)
def test_a_filter_finds_what_is_meant(text: str) -> None:
    assert matches(parse(text, FIELDS), DEV.__getitem__, NOW)


@pytest.mark.parametrize("text", FALSE_OF_DEV)
def test_a_filter_passes_over_the_rest(text: str) -> None:
    assert not matches(parse(text, FIELDS), DEV.__getitem__, NOW)


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("dev to prod*", "dev to prod 2"),
        ("'dev to prod*'", "Dev to Prod"),
        ("https://a.example/b?c=d", "https://a.example/b?c=d"),
        ("O'Brien", "O'Brien"),
        (r"'O\'Brien'", "O'Brien"),
        ('"O\'Brien"', "O'Brien"),
        (r"'C:\new\\'", r"c:\new" + "\\"),
        ("'a;b,(c)==%41'", "a;b,(c)==%41"),
        ("a%3Bb%2C%28c%29", "a;b,(c)"),
        ("100%", "100%"),
        ("50% off", "50% off"),
        ("50%25", "50%"),
        ("50%2541", "50%41"),
        ("a+b@c.example", "a+b@c.example"),
        ("a==b!$", "a==b!$"),
        ("''", ""),
        ("' '", " \t"),
        ("' dev '", "dev"),
        ("'dev' ", " dev"),
        ("'a\\\nb'", "a\\ b"),
        ("*", ""),
        (r"'\**\*'", "* and *"),
        ("Z%C3%BCrich", "ZÜRICH"),
        ("Zürich", "zu\N{COMBINING DIAERESIS}rich"),
        ("STRASSE", "Straße"),
    ],
)
def test_an_argument_is_read_as_people_and_programs_write_it(argument: str, value: str) -> None:
    assert matches(parse(f"name=={argument}", FIELDS), lambda _: value, NOW)
    assert not matches(parse(f"name!={argument}", FIELDS), lambda _: value, NOW)


def test_a_time_is_the_one_that_is_shown() -> None:
    at = datetime(2022, 10, 20, 14, 20, 28, 582_999, tzinfo=UTC)
    assert matches(parse("updated==2022-10-20T14:20:28.582Z", FIELDS), lambda _: at, NOW)
    assert not matches(parse("updated=gt=2022-10-20T14:20:28.582Z", FIELDS), lambda _: at, NOW)
    assert matches(parse("updated=lt=2022-10-20T14:20:28.583Z", FIELDS), lambda _: at, NOW)


@pytest.mark.parametrize(
    ("duration", "then"),
    [
        ("-P1D", datetime(2024, 3, 30, 12, tzinfo=UTC)),
        ("P1D", datetime(2024, 4, 1, 12, tzinfo=UTC)),
        ("-P1M", datetime(2024, 2, 29, 12, tzinfo=UTC)),
        ("-P1Y1M", datetime(2023, 2, 28, 12, tzinfo=UTC)),
        ("-P1M1D", datetime(2024, 2, 28, 12, tzinfo=UTC)),
        ("P11M", datetime(2025, 2, 28, 12, tzinfo=UTC)),
        ("-PT36H30M0.25S", datetime(2024, 3, 29, 23, 29, 59, 750_000, tzinfo=UTC)),
        ("-P100Y", datetime(1924, 3, 31, 12, tzinfo=UTC)),
        ("P0D", datetime(2024, 3, 31, 12, tzinfo=UTC)),
    ],
)
def test_a_distance_is_counted_from_now_in_the_calendar(duration: str, then: datetime) -> None:
    now = datetime(2024, 3, 31, 12, tzinfo=UTC)
    assert matches(parse(f"updated=={duration}", FIELDS), lambda _: then, now)


def test_what_has_no_value_differs_from_everything() -> None:
    true = ("name!=Dev", "name!=*", "count!=0", "managed!=true", "updated!=P0D")
    false = ("name", "name==*", "name==''", "count", "count=lt=1", "count=ge=0", "managed==false", "updated=le=P0D")
    assert [text for text in true + false if matches(parse(text, FIELDS), lambda _: None, NOW)] == list(true)


def test_a_field_alone_asks_whether_it_has_a_value_or_is_true() -> None:
    given_: Mapping[str, Value] = {"name": "", "count": 0, "managed": False, "updated": NOW}
    assert [field for field in given_ if matches(parse(field, FIELDS), given_.get, NOW)] == ["name", "count", "updated"]


@pytest.mark.parametrize(
    ("argument", "alike", "others"),
    [
        ("a*", ("a", "ab", "a b\nc"), ("", "ba")),
        ("*a", ("a", "ba"), ("ab",)),
        ("a*a", ("aa", "aba"), ("a", "ab")),
        ("*a*a*", ("aa", "bab ab"), ("a", "ab")),
        ("*b*b", ("bb", "abab"), ("b", "bba")),
        ("a*b*c", ("abc", "a-b-b-c"), ("acb", "ac")),
        ("**", ("", "a"), ()),
        ("a**b", ("ab", "a*b"), ("a",)),
    ],
)
def test_the_pieces_between_wildcards_stand_side_by_side_in_their_order(
    argument: str, alike: tuple[str, ...], others: tuple[str, ...]
) -> None:
    filter = parse(f"name=={argument}", FIELDS)
    assert [text for text in alike + others if matches(filter, {"name": text}.get, NOW)] == list(alike)


KNOWN = ", ".join(FIELDS)
COMPARISONS = "==, !=, =lt=, =le=, =gt=, =ge="
NO_TIME = "is not a time: write a time with its offset, such as 2026-03-01T12:00:00Z, or a distance from now"
REFUSED = {
    "": f"at character 1: a field is missing: use one of {KNOWN}",
    "  ": f"at character 3: a field is missing: use one of {KNOWN}",
    "name;nme==x": f"at character 6: there is no field 'nme' here: use one of {KNOWN}",
    "Name==x": f"at character 1: there is no field 'Name' here: use one of {KNOWN}",
    "name==x;": f"at character 9: a field is missing: use one of {KNOWN}",
    "name==x;;status": f"at character 9: ';' begins no field: use one of {KNOWN}",
    "==x": f"at character 1: '=' begins no field: use one of {KNOWN}",
    "()": f"at character 2: ')' begins no field: use one of {KNOWN}",
    "%": f"at character 1: '%' begins no field: use one of {KNOWN}",
    "%C3==x": "at character 1: %C3 is no character in UTF-8: write % itself as %25, or put the argument in quotes",
    "name=x": f"at character 5: after 'name' a comparison is missing: use one of {COMPARISONS}",
    "name<5": f"at character 5: after 'name' a comparison is missing: use one of {COMPARISONS}",
    "name like x": f"at character 6: after 'name' a comparison is missing: use one of {COMPARISONS}",
    "name=in=(a,b)": f"at character 5: '=in=' is no comparison: use one of {COMPARISONS}",
    "name =out=(a,b)": f"at character 6: '=out=' is no comparison: use one of {COMPARISONS}",
    "name*=x": f"at character 5: '*=' is no comparison: use one of {COMPARISONS}",
    "name=lt=x": "at character 5: 'name' is text, which =lt= does not compare: use == or !=",
    "managed=ge=true": "at character 8: 'managed' is a boolean, which =ge= does not compare: use == or !=",
    "name==": "at character 7: write what 'name' is compared with, or '' for an empty text",
    "(name!= )": "at character 9: write what 'name' is compared with, or '' for an empty text",
    "name==;status": "at character 7: write what 'name' is compared with, or '' for an empty text",
    "name==a(b)": "at character 8: no parenthesis can stand in an argument: put the argument in quotes",
    "name==(a)": "at character 7: no parenthesis can stand in an argument: put the argument in quotes",
    "name=='a": r"""at character 7: this quote is not closed: close it, or write it within quotes as \' or \"""",
    "name=='a\\'": r"""at character 7: this quote is not closed: close it, or write it within quotes as \' or \"""",
    "name=='a'*": "at character 10: nothing but ; , or ) follows a closing quote: put all of the argument within the "
    "quotes, and a \\ before quotes in it",
    "name==a%FFb": "at character 8: %FF is no character in UTF-8: write % itself as %25, or put the argument in quotes",
    "name==**a%c3%28": "at character 10: %c3%28 is no character in UTF-8: write % itself as %25, or put the argument "
    "in quotes",
    "count==x": "at character 8: 'x' is not a number: write digits, such as 12 or -0.5",
    "count==1*": "at character 8: '1*' is not a number: write digits, such as 12 or -0.5",
    "count==1e9": "at character 8: '1e9' is not a number: write digits, such as 12 or -0.5",
    "count==\u0661": "at character 8: '\u0661' is not a number: write digits, such as 12 or -0.5",
    "managed== yes": "at character 11: 'yes' is not a boolean: write true or false",
    "updated==P": f"at character 10: 'P' {NO_TIME} such as -P1D or -PT12H",
    "updated==P1DT": f"at character 10: 'P1DT' {NO_TIME} such as -P1D or -PT12H",
    "updated==-P1D12H": f"at character 10: '-P1D12H' {NO_TIME} such as -P1D or -PT12H",
    "updated==2026-03-01": f"at character 10: '2026-03-01' {NO_TIME} such as -P1D or -PT12H",
    "updated==P1201M": "at character 10: 'P1201M' is not a time: a distance from now is at most 100 years",
    "updated==-P36500DT1S": "at character 10: '-P36500DT1S' is not a time: a distance from now is at most 100 years",
    "(name": "at character 1: this parenthesis is not closed: add a )",
    "name;((status)": "at character 6: this parenthesis is not closed: add a )",
    "name)": "at character 5: no parenthesis is open that this one closes: remove it",
    "(name)status": "at character 7: write ; (and) or , (or) between two conditions",
    "((name)status)": "at character 8: write ; (and) or , (or) between two conditions",
    "(" * 20
    + "name"
    + ")" * 20
    + ",("
    + "(" * 20
    + "name": "at character 66: parentheses stand at most 20 deep in one another: use fewer",
    "name," * 101: "at character 501: a filter has at most 100 conditions: use fewer",
    "name==" + "a" * 7_995: "at character 8001: a filter has at most 8,000 characters: write a shorter one",
    "x" * 8_000: f"at character 1: there is no field '{'x' * 40}...' here: use one of {KNOWN}",
}


@pytest.mark.parametrize(("text", "message"), REFUSED.items(), ids=lambda text: repr(text[:40]))
def test_what_is_wrong_is_named_with_its_place_and_a_remedy(text: str, message: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(text, FIELDS, "_s")
    [problem] = refused.value.problems
    assert (problem.path, problem.message) == ("_s", message)


def test_the_fields_that_are_there_are_given_to_programs_as_well() -> None:
    with pytest.raises(Invalid) as refused:
        parse("name;nme", {"name": FieldKind.TEXT, "description": FieldKind.TEXT})
    message = "at character 6: there is no field 'nme' here: use one of name, description"
    assert refused.value.problems == (Problem(path="query", message=message, allowed=("name", "description")),)


@pytest.mark.parametrize("most", ["name," * 99 + "name", "name==" + "a" * (LONGEST - 6), "(" * 20 + "name" + ")" * 20])
def test_as_much_as_is_allowed_is_read(most: str) -> None:
    parse(most, FIELDS)


def _filled(before: str, again: str, after: str = "") -> str:
    return before + again * ((LONGEST - len(before) - len(after)) // len(again)) + after


@pytest.mark.parametrize(
    "text",
    [
        _filled("", "("),
        _filled("", ";"),
        _filled("", "name;"),
        _filled("name==", "a*", "b"),
        _filled("name==", "*"),
        _filled("name==", "%41*"),
        _filled("name==", "%FF"),
        _filled("name=='", "\\"),
        _filled("name=='", "\\'"),
        _filled("name=='", "a", "'"),
        _filled("name==''", " ", "x"),
        _filled("", "%41"),
        _filled("name", "="),
        _filled("count==", "9"),
        _filled("count==", "9", "x"),
        _filled("updated==P", "9"),
        _filled("updated==", " ", "Z"),
        _filled("name==", "e\N{COMBINING ACUTE ACCENT}"),
    ],
    ids=lambda text: repr(text[:16]),
)
def test_a_hostile_filter_costs_nothing(text: str) -> None:
    before = time.process_time()
    with_values: Mapping[str, Value] = {**DEV, "name": "ab" * 5_000}
    with suppress(Invalid):
        matches(parse(text, FIELDS), with_values.__getitem__, NOW)
    assert time.process_time() - before < 0.5


def _pattern(pieces: list[str]) -> Pattern:
    pieces[0] = pieces[0].lstrip(" ")
    pieces[-1] = pieces[-1].rstrip(" ")
    return Pattern(tuple(pieces))


def _patterns(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Pattern]:
    pieces = texts.map(folded).filter(lambda piece: folded(piece) == piece)
    return st.lists(pieces, min_size=1, max_size=4).map(_pattern)


def _distance(months: int, rest: timedelta, sign: int) -> Distance:
    return Distance(months=sign * months, rest=sign * rest)


slow = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
instants = st.timedeltas(timedelta(0), datetime(9998, 12, 31, tzinfo=UTC) - EPOCH).map(lambda since: EPOCH + since)
rests = st.timedeltas(timedelta(0), timedelta(days=36_500))
numbers = st.decimals(-(10**12), 10**12, places=3)
ANYTHING: Mapping[FieldKind, st.SearchStrategy[Wanted]] = {
    FieldKind.TEXT: _patterns(st.text(max_size=8)),
    FieldKind.NUMBER: numbers,
    FieldKind.BOOLEAN: st.booleans(),
    FieldKind.TIME: instants | st.builds(_distance, st.integers(0, 1_200), rests, st.sampled_from([1, -1])),
}
near_now = st.integers(-70, 70).map(lambda hours: NOW + timedelta(hours=hours, microseconds=hours))
few_texts = st.text("aB é\u0301*", max_size=5)
few_numbers = st.sampled_from([Decimal("-1"), Decimal("0"), Decimal("0.50"), Decimal("2")])
FEW: Mapping[FieldKind, st.SearchStrategy[Wanted]] = {
    FieldKind.TEXT: _patterns(st.text("aB é\u0301*", max_size=2)),
    FieldKind.NUMBER: few_numbers,
    FieldKind.BOOLEAN: st.booleans(),
    FieldKind.TIME: near_now
    | st.builds(_distance, st.integers(0, 1), st.sampled_from([timedelta(), timedelta(hours=30)]), st.just(-1)),
}


@st.composite
def compares(draw: st.DrawFn, wanted: Mapping[FieldKind, st.SearchStrategy[Wanted]]) -> Compare:
    field = draw(st.sampled_from(list(FIELDS)))
    kind = FIELDS[field]
    comparison = draw(st.sampled_from(list(Comparison) if kind in ORDERED else list(Comparison)[:2]))
    return Compare(field, comparison, draw(wanted[kind]))


def filters(wanted: Mapping[FieldKind, st.SearchStrategy[Wanted]]) -> st.SearchStrategy[Filter]:
    def joined(inner: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
        parts = st.lists(inner, min_size=2, max_size=4).map(tuple)
        return parts.map(And) | parts.map(Or)

    return st.recursive(st.sampled_from(list(FIELDS)).map(Given) | compares(wanted), joined, max_leaves=12)


def written(filter: Filter, mark: str) -> str:
    """In FIQL, with arguments in this quotation mark, or percent-encoded if it is empty."""
    match filter:
        case Or():
            return ",".join(_grouped(part, mark, Or) for part in filter.parts)
        case And():
            return ";".join(_grouped(part, mark, Or | And) for part in filter.parts)
        case Given():
            return filter.field
        case Compare():
            return f"{filter.field}{filter.comparison}{_argument(filter.wanted, mark)}"


def _grouped(part: Filter, mark: str, kinds: type) -> str:
    text = written(part, mark)
    return f"({text})" if isinstance(part, kinds) else text


def _argument(wanted: Wanted, mark: str) -> str:
    match wanted:
        case Pattern() if mark:
            plain = [re.sub(r"""([\\'"*])""", r"\\\1", piece) for piece in wanted.pieces]
            return f"{mark}{'*'.join(plain)}{mark}"
        case Pattern():
            return "*".join(quote(piece, safe="") for piece in wanted.pieces) or "''"
        case bool():
            text = str(wanted).lower()
        case Decimal():
            text = f"{wanted:f}"
        case datetime():
            text = wanted.isoformat()
        case Distance():
            rest = abs(wanted.rest)
            sign = "-" if wanted.months < 0 or wanted.rest < timedelta() else ""
            text = f"{sign}P{abs(wanted.months)}M{rest.days}DT{rest.seconds}.{rest.microseconds:06}S"
    return f"{mark}{text}{mark}"


MARKS = st.sampled_from(["", "'", '"'])


@slow
@given(filters(ANYTHING), MARKS)
def test_a_filter_that_is_written_and_read_is_the_same(filter: Filter, mark: str) -> None:
    assert parse(written(filter, mark), FIELDS) == filter


def _naive(filter: Filter, values: Mapping[str, Value]) -> bool:
    """What the filter means, in the words of the draft."""
    match filter:
        case And():
            return False not in [_naive(part, values) for part in filter.parts]
        case Or():
            return True in [_naive(part, values) for part in filter.parts]
        case Given():
            return not (values[filter.field] is None or values[filter.field] is False)
    value, wanted = values[filter.field], filter.wanted
    if value is None:
        return filter.comparison == "!="
    if isinstance(wanted, Pattern):
        assert isinstance(value, str)
        return _fits(wanted, value) == (filter.comparison == "==")
    order = _milliseconds(value) - _milliseconds(wanted)
    return {"==": order == 0, "!=": order != 0, "=lt=": order < 0, "=le=": order <= 0, "=gt=": order > 0}.get(
        filter.comparison, order >= 0
    )


def _fits(pattern: Pattern, value: str) -> bool:
    alike = unicodedata.normalize("NFC", " ".join(value.split(" ")).casefold())
    alike = re.sub(" +", " ", alike).strip(" ")
    return re.fullmatch(".*".join(map(re.escape, pattern.pieces)), alike, re.DOTALL) is not None


def _milliseconds(value: Value | Wanted) -> Decimal:
    match value:
        case datetime():
            return Decimal((value - EPOCH) // timedelta(milliseconds=1))
        case Distance():
            months = NOW.replace(month=NOW.month + value.months)
            return _milliseconds(months + value.rest)
    assert isinstance(value, int | Decimal)
    return Decimal(value)


VALUES = st.fixed_dictionaries(
    {
        field: st.none()
        | {
            FieldKind.TEXT: few_texts,
            FieldKind.NUMBER: few_numbers | st.integers(-2, 2),
            FieldKind.BOOLEAN: st.booleans(),
            FieldKind.TIME: near_now,
        }[kind]
        for field, kind in FIELDS.items()
    }
)


@slow
@given(filters(FEW), VALUES)
def test_a_filter_means_what_the_draft_says(filter: Filter, values: Mapping[str, Value]) -> None:
    assert matches(filter, values.__getitem__, NOW) is _naive(filter, values)


@slow
@given(_patterns(st.text("ab", max_size=2)), st.text("ab", max_size=6))
def test_wildcards_stand_for_anything(pattern: Pattern, value: str) -> None:
    filter = Compare("name", Comparison.EQUAL, pattern)
    assert matches(filter, lambda _: value, NOW) is _fits(pattern, value)


PARTS = [*FIELDS, *Comparison, *"();,'\"*\\% ", "=in=", "%2A", "%FF", "-P1D", "2026-03-01T12:00:00Z", "true", "5", "é"]


@slow
@given(st.text(max_size=60) | st.lists(st.sampled_from(PARTS), max_size=20).map("".join), MARKS)
def test_whatever_is_written_is_read_or_refused(text: str, mark: str) -> None:
    try:
        filter = parse(text, FIELDS)
    except Invalid as refused:
        [problem] = refused.problems
        at = re.match(r"at character (\d+): ", problem.message)
        assert at is not None
        assert 1 <= int(at[1]) <= len(text) + 1
        return
    assert parse(written(filter, mark), FIELDS) == filter
    assert matches(filter, DEV.__getitem__, NOW) in {True, False}
