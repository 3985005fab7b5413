"""Secrets do not come out."""

from hypothesis import given
from hypothesis import strategies as st

from ostinato.core.redaction import MASK, SHORTEST, Redactor


def test_secrets_are_masked_the_longest_first() -> None:
    redactor = Redactor(["hunter2", "hunter2hunter2", "abc"])
    assert redactor.redact("password=hunter2hunter2 or hunter2, abc") == f"password={MASK} or {MASK}, abc"


@given(st.lists(st.text(alphabet="abc.*[", min_size=SHORTEST, max_size=8), min_size=1), st.text(alphabet="abc.*[ "))
def test_no_known_secret_survives(secrets: list[str], text: str) -> None:
    told = Redactor(secrets).redact(text + secrets[0] + text)
    assert not any(secret in told for secret in secrets)
