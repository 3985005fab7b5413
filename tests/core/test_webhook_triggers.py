"""What may be sent to webhook triggers, and which calls count as signed."""

import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostinato.core.errors import Invalid, TooLarge
from ostinato.core.parameters import LONGEST_PAYLOAD
from ostinato.core.talend_jobs import escaped
from ostinato.core.webhook_triggers import (
    TOLERANCE,
    TYPES,
    Payload,
    Sent,
    key_of,
    new_token,
    read,
    size,
    together,
    why_not_signed,
)
from ostinato.core.webhooks import new_secret, signature

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECRET = new_secret()


def sent(body: bytes = b"", **headers: str) -> Sent:
    return Sent(body=body, headers={name.replace("_", "-"): value for name, value in headers.items()})


def signed(body: bytes, at: datetime = NOW, key: str = SECRET) -> Sent:
    seconds = str(int(at.timestamp()))
    given = f"v1,{signature(key, 'm1', seconds, body)}"
    return sent(body, webhook_id="m1", webhook_timestamp=seconds, webhook_signature=given)


@pytest.mark.parametrize("kind", TYPES)
def test_the_types_of_the_vendor_are_taken_with_and_without_a_body(kind: str) -> None:
    assert read(sent(b"", content_type=kind)) == Payload(type=kind, data="")
    body = b'{"a": 1}'
    assert read(sent(body, content_type=f"{kind}; charset=UTF-8")) == Payload(type=kind, data='{"a": 1}')


def test_without_a_type_it_is_plain_text() -> None:
    assert read(sent(b"hello")) == Payload(type="text/plain", data="hello")


def test_other_charsets_are_read_as_they_are() -> None:
    assert read(sent("é".encode("latin-1"), content_type="text/plain; charset=ISO-8859-1")).data == "é"
    assert read(sent("é".encode("utf-16"), content_type="text/xml; charset=utf-16")).data == "é"
    assert read(sent(b"\xef\xbb\xbf{}", content_type="application/json")).data == "{}"
    assert read(sent("é".encode(), content_type='Text/Plain; a=b; Charset="UTF-8"')).data == "é"
    assert read(sent(b"[1e999, 9%s]" % (b"9" * 5_000), content_type="application/json")).type == "application/json"


@pytest.mark.parametrize(
    ("body", "kind", "path"),
    [
        (b"x", "application/octet-stream", "Content-Type"),
        (b"x", "nonsense", "Content-Type"),
        (b"x", "text/plain; charset=klingon", "Content-Type"),
        (b"x", "text/plain; charset=rot13", "Content-Type"),
        (b"\xff", "text/plain", "body"),
        (b"a\x00b", "text/plain", "body"),
        (b"{", "application/json", "body"),
        (b"[" * 5_000, "application/json", "body"),
        (b"x", 'text/plain; a="' + ";" * 60_000, "Content-Type"),
        (b"x", "text/plain; charset*" + "9" * 5_000 + "=utf-8", "Content-Type"),
    ],
)
def test_what_runs_cannot_be_given_is_refused_with_its_place(body: bytes, kind: str, path: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read(sent(body, content_type=kind))
    assert refusal.value.problems[0].path == path


def test_what_would_be_too_long_as_an_argument_is_too_large() -> None:
    with pytest.raises(TooLarge):
        read(sent(b"\\" * (LONGEST_PAYLOAD // 3)))


@given(st.lists(st.builds(Payload, type=st.sampled_from(TYPES), data=st.text(max_size=200)), min_size=1, max_size=5))
def test_payloads_together_are_never_larger_than_their_sizes_even_when_a_talend_job_gets_them(
    payloads: list[Payload],
) -> None:
    text = together(payloads)
    assert len(escaped(text).encode()) <= sum(map(size, payloads))
    assert json.loads(text) == [{"type": one.type, "data": one.data} for one in payloads]


@given(st.binary(max_size=100), st.integers(-300, 300))
def test_what_is_signed_counts_as_signed_for_five_minutes(body: bytes, seconds: int) -> None:
    assert why_not_signed(signed(body, NOW + timedelta(seconds=seconds)), [SECRET], NOW) is None
    assert why_not_signed(signed(body), [new_secret(), SECRET], NOW) is None


def test_what_is_not_signed_says_why() -> None:
    good = signed(b"x")
    late = why_not_signed(good, [SECRET], NOW + TOLERANCE + timedelta(seconds=1))
    assert late is not None
    assert "300 s" in late
    assert "needed" in (why_not_signed(sent(b"x"), [SECRET], NOW) or "")
    wrong = msgspec.structs.replace(good, body=b"y")
    assert "does not fit" in (why_not_signed(wrong, [SECRET], NOW) or "")
    assert "does not fit" in (why_not_signed(good, [new_secret()], NOW) or "")
    for said in ("soon", "-1", "１", "9" * 13):
        headers = {**good.headers, "webhook-timestamp": said}
        assert "whole number" in (why_not_signed(msgspec.structs.replace(good, headers=headers), [SECRET], NOW) or "")
    far = {**good.headers, "webhook-timestamp": "999999999999"}
    far["webhook-signature"] = f"v1,{signature(SECRET, 'm1', '999999999999', b'x')}"
    assert "300 s" in (why_not_signed(msgspec.structs.replace(good, headers=far), [SECRET], NOW) or "")
    strange = {**good.headers, "webhook-id": "é"}
    assert "ASCII" in (why_not_signed(msgspec.structs.replace(good, headers=strange), [SECRET], NOW) or "")
    headers = {**good.headers, "webhook-signature": f"v1,é v2,abc {good.headers['webhook-signature']}"}
    assert why_not_signed(msgspec.structs.replace(good, headers=headers), [SECRET], NOW) is None


def test_a_call_is_known_by_its_id_or_key() -> None:
    assert key_of({"webhook-id": "a", "idempotency-key": "b"}) == "a"
    assert key_of({"idempotency-key": "b"}) == "b"
    assert key_of({}) is None
    for wrong in ("x" * 201, "a\tb"):
        with pytest.raises(Invalid):
            key_of({"webhook-id": wrong})


def test_tokens_are_long_and_different() -> None:
    assert len({new_token() for _ in range(100)}) == 100
    assert len(new_token()) == 4 + 43
