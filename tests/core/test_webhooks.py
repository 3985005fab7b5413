"""How messages are signed, and when they are sent again."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ostinato.core.webhooks import DELAYS, new_secret, retry_after, signatures

AT = datetime(2026, 3, 1, 12, 0, 0, 999_000, tzinfo=UTC)


def test_a_signature_is_the_one_of_the_published_example() -> None:
    """Standard Webhooks, "Signature scheme", with the example of its reference libraries."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    at = datetime.fromtimestamp(1614265330, UTC)
    signed = signatures([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", at, '{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_while_a_secret_is_rotated_both_sign() -> None:
    keys = [new_secret(), new_secret()]
    for key, signature in zip(keys, signatures(keys, "msg_1", AT, "{}").split(), strict=True):
        raw = base64.b64decode(key.removeprefix("whsec_"))
        digest = hmac.new(raw, f"msg_1.{int(AT.timestamp())}.{{}}".encode(), hashlib.sha256).digest()
        assert signature == f"v1,{base64.b64encode(digest).decode()}"


def test_secrets_are_long_and_never_the_same() -> None:
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert {len(base64.b64decode(one.removeprefix("whsec_"))) for one in made} == {32}


@given(st.integers(1, 20), st.floats(0, 1))
def test_each_wait_is_longer_than_the_one_before_and_there_is_a_last(failures: int, chance: float) -> None:
    wait = retry_after(failures, chance)
    if failures > len(DELAYS):
        assert wait is None
    else:
        assert wait is not None
        assert DELAYS[failures - 1] <= wait <= DELAYS[failures - 1] * 1.2 + timedelta(microseconds=1)
        assert failures == 1 or wait > DELAYS[failures - 2] * 1.2
