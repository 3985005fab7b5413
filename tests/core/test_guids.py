"""Guids are turned back by the installation that made them, and by no other."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostinato.core import guids
from ostinato.core.guids import LARGEST, Kind

INSTALLATIONS = st.integers(-(2**63), 2**63 - 1)
NUMBERS = st.integers(0, LARGEST)
KINDS = st.sampled_from(list(Kind))


@given(INSTALLATIONS, KINDS, NUMBERS)
def test_a_guid_is_turned_back_into_its_number(installation: int, kind: Kind, number: int) -> None:
    guid = guids.make(installation, kind, number)
    assert guid.version == 8
    assert guid.variant == "specified in RFC 4122"
    assert guids.number_of(guid, installation, kind) == number


@given(INSTALLATIONS, INSTALLATIONS, KINDS, KINDS, NUMBERS)
def test_a_guid_of_another_installation_or_kind_has_no_number(
    one: int, other: int, kind: Kind, another: Kind, number: int
) -> None:
    guid = guids.make(one, kind, number)
    assert (guids.number_of(guid, other, another) == number) is ((one, kind) == (other, another))


@given(st.uuids(), INSTALLATIONS, KINDS)
def test_a_guid_that_somebody_made_up_has_no_number(guid: UUID, installation: int, kind: Kind) -> None:
    assert guids.number_of(guid, installation, kind) is None
    assert guids.number_of(guids.EMPTY, installation, kind) is None


@given(INSTALLATIONS, NUMBERS, NUMBERS, st.integers(-3, 2**63 - 1), st.integers(-3, 2**63 - 1))
def test_every_line_has_a_guid_of_its_own_and_keeps_it(
    installation: int, run: int, other: int, place: int, next_place: int
) -> None:
    guid = guids.of_line(installation, run, place)
    assert guid.version == 8
    assert (guids.of_line(installation, other, next_place) == guid) is ((run, place) == (other, next_place))


@given(st.uuids())
def test_a_guid_is_read_in_every_form_that_dotnet_writes(guid: UUID) -> None:
    for text in (str(guid), guid.hex, f"{{{guid}}}", f"({guid})"):
        for form in (text, text.upper(), f" {text} "):
            assert guids.parse(form) == guid


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "{}",
        "2a50eedd5a508a0a884000000000000",
        "2a50eedd5a508a0a88400000000000011",
        "2a50eedd-5a50-8a0a-8840-000000000001}",
        "{2a50eedd-5a50-8a0a-8840-000000000001",
        "{2a50eedd5a508a0a8840000000000001}",
        "2a50eedd-5a508a0a-8840-000000000001",
        "2-a50eedd5a508a0a8840000000000001",
        "2a50eedd-5a50-8a0a-8840-00000000000g",
        "２a50eedd5a508a0a8840000000000001",
        "2a50eedd5a508a0a8840000000000001\n",
        "\x00",
        " " * 100_000,
    ],
)
def test_what_is_no_guid_is_none(text: str) -> None:
    assert guids.parse(text) is None
