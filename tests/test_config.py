"""Settings come from the environment and are checked when they are read."""

from pathlib import Path

import pytest

from ostinato.config import WrongSetting, read_settings


def test_without_any_setting_everything_has_a_sensible_value() -> None:
    settings = read_settings({})
    assert settings.home == Path("~/.ostinato").expanduser()
    assert (settings.host, settings.port, settings.timezone, settings.slots) == ("127.0.0.1", 7300, "UTC", 8)
    assert settings.secret_key_file == settings.home / "secret.key"
    assert settings.url == "http://127.0.0.1:7300"
    assert (settings.jobs_environment, settings.jobs_case) == ("Production", "pascal")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("OSTINATO_PORT", "http", "OSTINATO_PORT is 'http': use a whole number from 1 to 65535"),
        ("OSTINATO_PORT", "70000", "OSTINATO_PORT is '70000': use a whole number from 1 to 65535"),
        ("OSTINATO_JOBS_CASE", "Pascal", "OSTINATO_JOBS_CASE is 'Pascal': use pascal or camel"),
        ("OSTINATO_SLOTS", "0", "OSTINATO_SLOTS is '0': use a whole number from 1 to 1000"),
        (
            "OSTINATO_TIMEZONE",
            "Berlin",
            "OSTINATO_TIMEZONE is 'Berlin': use the name of a time zone such as Europe/Berlin",
        ),
        (
            "OSTINATO_TIMEZONE",
            "../etc",
            "OSTINATO_TIMEZONE is '../etc': use the name of a time zone such as Europe/Berlin",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_allowed(name: str, value: str, says: str) -> None:
    with pytest.raises(WrongSetting) as refused:
        read_settings({name: value})
    assert str(refused.value) == says
