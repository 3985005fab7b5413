"""The list of runs through HTTP: filters, pages, totals, and values that nobody should send."""

from datetime import UTC, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ostinato.app import runs
from ostinato.core.ids import RunId, TaskId, WorkspaceId
from ostinato.core.times import instant, read_instant
from tests.api.conftest import Call
from tests.api.factories import World

LIST = "/api/v1/runs"
ENDED = "2026-03-10T10:00:00"


@pytest.fixture
async def key(world: World) -> str:
    return await world.key("ada", finance="Viewer")


@pytest.fixture
async def finance(world: World) -> WorkspaceId:
    return await world.workspace("finance")


@pytest.fixture
async def task(world: World, finance: WorkspaceId) -> TaskId:
    return await world.task(finance, "Package", 1, "Load orders")


async def listed(call: Call, key: str, **filters: Any) -> list[int]:
    answer = await call("GET", LIST, key, params=filters)
    assert answer.status_code == 200, answer.text
    return [run["id"] for run in answer.json()["items"]]


async def test_a_window_of_time_takes_its_beginning_and_leaves_its_end(
    call: Call, world: World, task: TaskId, key: str
) -> None:
    one, two, _ = [
        await world.run(task, "SUCCEEDED", f"2026-03-10T1{hour}:00:00", f"2026-03-10T1{hour}:00:01")
        for hour in range(3)
    ]
    window = {"from": "2026-03-10T10:00:00Z", "to": "2026-03-10T12:00:00Z"}
    assert await listed(call, key, **window) == [two, one]
    shifted = {"from": "2026-03-10T11:30:00+01:30", "to": "2026-03-10T07:00:00.000-05:00"}
    assert await listed(call, key, **shifted) == [two, one]
    written_by_hand = await call("GET", f"{LIST}?from=2026-03-10T11:30:00+01:30&to=2026-03-10t12:00:00z", key)
    assert [run["id"] for run in written_by_hand.json()["items"]] == [two, one]
    assert await listed(call, key, **{"from": window["to"], "to": window["from"]}) == []


async def test_runs_are_found_by_type_name_words_cause_and_user(
    call: Call, world: World, finance: WorkspaceId, task: TaskId, key: str
) -> None:
    query, plan = await world.task(finance, "Query", 2, "Check orders"), await world.plan(finance, 1, "Nightly")
    loaded, checked = (
        await world.run(task, ended=ENDED),
        await world.run(query, ended=ENDED),
    )
    nightly = await world.run(plan=plan, ended=ENDED)
    await world.execute("UPDATE run SET message = '3 ROWS differ', cause = 'manual' WHERE id = $1", checked)
    await world.execute(
        "UPDATE run SET requested_by = (SELECT id FROM app_user WHERE name = 'ada') WHERE id = $1", nightly
    )
    assert await listed(call, key, type="Package") == [loaded]
    assert await listed(call, key, type=["plan", "Query"]) == [nightly, checked]
    assert await listed(call, key, name="Check orders") == [checked]
    assert await listed(call, key, text="ORDERS") == [checked, loaded]
    assert await listed(call, key, text="rows DIFFER") == [checked]
    assert await listed(call, key, cause="manual") == [checked]
    assert await listed(call, key, requestedBy="ada") == [nightly]
    assert await listed(call, key, requestedBy="nobody") == []
    assert await listed(call, key, text="orders", type="Query", state="SUCCEEDED", workspace="finance") == [checked]


async def test_a_run_looks_the_same_in_both_kinds_of_list(call: Call, world: World, task: TaskId, key: str) -> None:
    await world.run(task, "SUCCEEDED", "2026-03-10T10:00:00", "2026-03-10T10:00:01.5")
    await world.run(task, "QUEUED", due="2999-01-01T00:00:00", attempt=1, hold="due")
    await world.run(task, "RUNNING", "2026-03-10T10:00:00.999999")
    plain = (await call("GET", LIST, key)).json()
    assert (await call("GET", LIST, key, params={"text": "load"})).json() == plain
    assert len(plain["items"]) == 3


async def test_pages_of_a_filtered_list_follow_one_another(call: Call, world: World, task: TaskId, key: str) -> None:
    made = [await world.run(task, ended=ENDED) for _ in range(5)]
    found, before = [], None
    while True:
        page = (
            await call(
                "GET", LIST, key, params={"type": "Package", "limit": 2} | ({"before": before} if before else {})
            )
        ).json()
        found += [run["id"] for run in page["items"]]
        if (before := page["next"]) is None:
            break
    assert found == made[::-1]


async def test_a_total_counts_all_pages_and_only_what_may_be_seen(
    call: Call, world: World, task: TaskId, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = await world.task(await world.workspace("sales"), "Package", 9, "Load secrets")
    for one in (task, task, task, hidden):
        await world.run(one, ended=ENDED)
    assert "total" not in (await call("GET", LIST, key)).json()
    for filters in ({}, {"type": "Package"}, {"text": "load"}):
        first = (await call("GET", LIST, key, params={**filters, "total": True, "limit": 2})).json()
        assert (len(first["items"]), first["total"], first["totalIsExact"]) == (2, 3, True)
        last = (await call("GET", LIST, key, params={**filters, "total": True, "before": first["next"]})).json()
        assert (len(last["items"]), last["total"]) == (1, 3)
    monkeypatch.setattr(runs, "MOST_COUNTED", 2)
    monkeypatch.setattr("ostinato.api.native.translate.MOST_COUNTED", 2)
    many = (await call("GET", LIST, key, params={"total": True})).json()
    assert (many["total"], many["totalIsExact"]) == (2, False)
    assert (await call("GET", LIST, key, params={"total": True, "text": "secrets"})).json()["total"] == 0


async def test_new_runs_do_not_disturb_who_reads_on(call: Call, world: World, task: TaskId, key: str) -> None:
    made = [await world.run(task, ended=ENDED) for _ in range(4)]
    first = (await call("GET", LIST, key, params={"text": "load", "limit": 2})).json()
    await world.run(task, ended="2026-03-10T11:00:00")
    assert await listed(call, key, text="load", limit=2, before=first["next"]) == made[1::-1]


WRONG = (
    *(("from", value) for value in ("", "yesterday", "2026-03-10", "2026-03-10T10:00:00", "2026-02-30T10:00:00Z")),
    *(("from", value) for value in ("0000-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")),
    *(
        ("to", value)
        for value in ("1767225600", "2026-03-10T24:00:00Z", "2026-03-10T10:00:60Z", "2026-03-10T10:00:00+25:00")
    ),
    *(("to", value) for value in ("\u0662026-03-10T10:00:00Z", "2026-W10-1T10:00:00Z", "a\x00b", "9" * 51)),
    *(("text", value) for value in ("", "x" * 201, "a\x00b")),
    *(("name", value) for value in ("a\x00b", "x" * 1_001)),
    ("requestedBy", "a\x00b"),
    ("requestedBy", "x" * 1_001),
    ("cause", "whim"),
    ("type", "a\x00b"),
    ("type", "x" * 1_001),
    ("type", ["x"] * 51),
    ("total", "perhaps"),
)


async def test_a_filter_that_cannot_be_is_named(call: Call, key: str, subtests: pytest.Subtests) -> None:
    for name, value in WRONG:
        with subtests.test(name=name, value=str(value)[:60]):
            answer = await call("GET", LIST, key, params={name: value})
            assert answer.status_code == 422, answer.text
            assert {error["path"] for error in answer.json()["errors"]} == {name}


async def test_what_is_strange_but_text_finds_nothing(call: Call, key: str, subtests: pytest.Subtests) -> None:
    for name in ("text", "name", "type", "requestedBy", "workspace", "environment"):
        for value in (
            "%",
            "'; DROP TABLE run; --",
            "\U0001f600",
            "\u202e",
            "\ufffe",
            "\\",
            "$1",
            "\x7f\x01",
            "x" * 200,
        ):
            with subtests.test(name=name, value=value[:20]):
                assert await listed(call, key, **{name: value}) == []
    for raw in (
        "text=%ff%fe",
        "text=%ed%a0%80",
        "name=%c0%80",
        "from=%ff",
        "type=%ff&type=%00",
        "text=a&text=b",
        "from=&to=",
    ):
        with subtests.test(raw=raw):
            assert (await call("GET", f"{LIST}?{raw}", key)).status_code in (200, 422)


async def test_a_stranger_learns_nothing_from_filters_and_totals(call: Call, world: World, task: TaskId) -> None:
    run = await world.run(task, ended=ENDED)
    stranger = await world.key("eve")
    for filters in ({"name": "Load orders"}, {"text": "load"}, {"workspace": "finance"}, {"before": RunId(run + 1)}):
        answer = await call("GET", LIST, stranger, params={**filters, "total": True})
        assert answer.json() == {"items": [], "next": None, "total": 0, "totalIsExact": True}


@given(st.datetimes(timezones=st.timezones()).filter(lambda at: 1971 < at.year < 9998))
def test_an_instant_with_any_offset_is_read_as_it_was_meant(at: Any) -> None:
    if at.utcoffset() % timedelta(minutes=1):
        return  # no offset in RFC 3339 has seconds
    assert read_instant(at.isoformat()) == at.astimezone(UTC)
    assert instant(read_instant(at.isoformat())) == instant(at)


@given(st.text())
@example("2026-03-10T10:00:00Z\n")
@example("2026-03-10T10:00:00.1234567890Z")
def test_a_text_that_is_no_instant_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="write a time with its offset"):
        read_instant(text)


def test_a_blank_stands_for_the_plus_sign_that_an_address_loses() -> None:
    assert read_instant("2026-03-10T10:00:00 01:00") == read_instant("2026-03-10T10:00:00+01:00")
