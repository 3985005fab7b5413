"""Where a sign-in may lead, and whom a provider speaks of."""

from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ostinato.core.sign_ins import LONGEST_GROUP, are_groups_left_out, groups_in, is_own_path, person

CLAIMS = {"iss": "https://login.test", "sub": "1"}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("path", ["/", "/runs", "/runs/1?tab=log#end", "/a//b", "/%2F%2Fevil.test", "/.//evil.test"])
def test_a_path_of_this_server_is_one(path: str) -> None:
    assert is_own_path(path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "runs",
        "//evil.test",
        "///evil.test",
        "/\\evil.test",
        "\\\\evil.test",
        "/runs\\..",
        "https://evil.test",
        "https:/evil.test",
        "javascript:alert(1)",
        " /runs",
        "/\t/evil.test",
        "/\n/evil.test",
        "/runs\r\nSet-Cookie: a=b",
        "/runs\x00",
        "/ü",
        "/" + "a" * 2_000,
    ],
)
def test_what_may_lead_elsewhere_is_none(text: str) -> None:
    assert not is_own_path(text)


@given(st.text(alphabet=st.sampled_from("/\\:.@?#ab\t\n\r %2Fe"), max_size=12).map(lambda text: "/" + text))
@example("//a")
@example("/\\a")
def test_whatever_is_a_path_of_this_server_leads_to_this_server(text: str) -> None:
    as_browsers_read = text.translate({9: None, 10: None, 13: None}).replace("\\", "/")
    if is_own_path(text):
        assert urlsplit(urljoin("https://ours.test/x", as_browsers_read)).netloc == "ours.test"


@pytest.mark.parametrize(
    ("said", "groups"),
    [
        (["a", "b", "a"], ("a", "b")),
        ("a", ("a",)),
        (" /staff/eng ", ("/staff/eng",)),
        ([1, True, None, {"x": 1}, ["y"], "", "  ", "z"], ("1", "z")),
        (["x" * (LONGEST_GROUP + 1), "nul\x00", "half\ud800"], ()),
        (None, ()),
        ({}, ()),
        (10**30, ()),
    ],
)
def test_groups_come_in_many_forms(said: Any, groups: tuple[str, ...]) -> None:
    assert groups_in(said) == groups


def test_a_claim_is_found_by_its_name_or_by_its_path() -> None:
    nested = {**CLAIMS, "realm_access": {"roles": ["a"]}, "https://x.test/groups": ["b"], "who": {"name": "ada"}}
    assert person(nested, "who.name", "realm_access.roles").groups == ("a",)
    assert person(nested, "who.name", "https://x.test/groups").groups == ("b",)
    assert person(nested, "who.name", "realm_access.roles.x").groups == ()
    assert person(nested, "who.name", "x").name == "ada"


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"preferred_username": "ada", "email": "a@x.test"}, "ada"),
        ({"preferred_username": " ada "}, "ada"),
        ({"email": "a@x.test"}, "a@x.test"),
        ({"preferred_username": "", "email": "a@x.test"}, "a@x.test"),
        ({"preferred_username": "a\x1b[31m", "email": "a@x.test"}, "a@x.test"),
        ({"preferred_username": "a\u202eb"}, None),
        ({"preferred_username": 5, "email": "none"}, None),
        ({}, None),
    ],
)
def test_people_are_called_by_a_name_that_can_be_written(claims: dict[str, Any], name: str | None) -> None:
    assert person({**CLAIMS, **claims}, "preferred_username", "groups").name == name


def test_an_address_is_verified_only_if_the_provider_says_so() -> None:
    for said, verified in ((True, True), ("true", True), (False, False), ("false", False), ("1", False), (None, False)):
        found = person({**CLAIMS, "email": "a@x.test", "email_verified": said}, "x", "y")
        assert found.email_is_verified is verified


@given(st.dictionaries(st.sampled_from(["name", "email", "groups", "who", "email_verified"]), ANYTHING))
def test_no_claim_is_too_strange(claims: dict[str, Any]) -> None:
    found = person({**claims, **CLAIMS}, "who", "groups")
    for text in (found.name, found.full_name, found.email, *found.groups):
        assert text is None or ("\x00" not in text and text.encode())


def test_groups_that_are_too_many_to_be_sent_are_not_no_groups() -> None:
    assert are_groups_left_out({"_claim_names": {"groups": "src1"}}, "groups")
    assert not are_groups_left_out({"_claim_names": {"groups": "src1"}, "groups": []}, "groups")
    assert not are_groups_left_out({"_claim_names": ["groups"]}, "groups")
    assert not are_groups_left_out({}, "groups")
