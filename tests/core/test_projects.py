"""What projects are called by tools, and where their sources may be."""

import pytest

from ostinato.core.projects import label_of, wrong_with_url


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("Sales", "SALES"),
        ("Sales & Finance 2026", "SALES_FINANCE_2026"),
        ("  über  alles ", "UBER_ALLES"),
        ("_a_", "A"),
        ("продажи", "PROJECT"),
        ("!", "PROJECT"),
    ],
)
def test_a_label_has_capital_letters_digits_and_underscores(name: str, label: str) -> None:
    assert label_of(name) == label


@pytest.mark.parametrize(
    "url",
    [
        "https://git.example.org/finance/jobs.git",
        "http://localhost:3000/x",
        "ssh://git@git.example.org:2222/finance/jobs.git",
        "git+ssh://git@git.example.org/x",
        "git://git.example.org/x",
        "git@git.example.org:finance/jobs.git",
        "git.example.org:finance/jobs.git",
        "https://[::1]/x",
    ],
)
def test_addresses_of_repositories_are_taken(url: str) -> None:
    assert wrong_with_url(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "/srv/git/x",
        "file:///srv/git/x",
        "ftp://example.org/x",
        "https://",
        "https:///x",
        "https://[::1/x",
        "https://git.example.org/a b",
        "https://git.example.org/\x00",
        "https://git.example.org/" + "x" * 2_000,
        "javascript:alert(1)//",
    ],
)
def test_what_is_no_address_of_a_repository_is_refused(url: str) -> None:
    assert wrong_with_url(url) is not None


@pytest.mark.parametrize(
    "url",
    [
        "https://ada:secret@git.example.org/x",
        "https://ghp_token@git.example.org/x",
        "https://:secret@git.example.org/x",
        "ssh://git:secret@git.example.org/x",
        "git://ada@git.example.org/x",
        "ada:secret@git.example.org:x",
    ],
)
def test_credentials_in_an_address_are_refused(url: str) -> None:
    assert wrong_with_url(url) is not None
