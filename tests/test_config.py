"""Settings come from the environment and are checked when they are read."""

from pathlib import Path

import pytest

from ostinato.config import Bucket, WrongSetting, read_settings


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


OPENID = {
    "OSTINATO_PUBLIC_URL": "https://ostinato.test/",
    "OSTINATO_OIDC_ISSUER": "https://login.test/realm",
    "OSTINATO_OIDC_CLIENT_ID": "ostinato",
}


def test_a_provider_needs_no_more_than_its_address_and_a_name() -> None:
    assert read_settings({}).openid is None
    openid = read_settings(OPENID).openid
    assert openid is not None
    assert openid.redirect_uri == "https://ostinato.test/api/v1/sign-in/oidc/callback"
    assert (openid.scopes, openid.name_claim, openid.groups_claim) == (
        "openid profile email",
        "preferred_username",
        "groups",
    )
    assert (openid.create_users, openid.client_secret_file) == (True, None)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("OSTINATO_OIDC_ISSUER", "http://login.test", "use an https address"),
        ("OSTINATO_OIDC_ISSUER", "http://127.0.0.1.login.test", "use an https address"),
        ("OSTINATO_OIDC_ISSUER", "https://login.test?x=1", "use an https address"),
        ("OSTINATO_OIDC_ISSUER", "https://[", "use an https address"),
        ("OSTINATO_OIDC_ISSUER", "https://", "use an https address"),
        ("OSTINATO_OIDC_CLIENT_ID", "", "needs OSTINATO_OIDC_CLIENT_ID"),
        ("OSTINATO_PUBLIC_URL", "", "needs OSTINATO_PUBLIC_URL"),
        ("OSTINATO_PUBLIC_URL", "ostinato.test", "use an address such as"),
        ("OSTINATO_PUBLIC_URL", "https://ostinato.test?x", "use an address such as"),
        ("OSTINATO_PUBLIC_URL", "https://[", "use an address such as"),
        ("OSTINATO_OIDC_SCOPES", "profile", "has no openid"),
        ("OSTINATO_OIDC_CREATE_USERS", "maybe", "use on or off"),
    ],
)
def test_a_provider_that_cannot_be_used_is_refused_at_the_start(name: str, value: str, says: str) -> None:
    with pytest.raises(WrongSetting, match=says):
        read_settings({**OPENID, name: value})


S3 = {
    "OSTINATO_OBJECT_STORE": "s3://artifacts/of/ostinato/",
    "OSTINATO_S3_ENDPOINT": "http://minio.test:9000/",
    "OSTINATO_S3_ACCESS_KEY_ID": "key",
    "OSTINATO_S3_SECRET_ACCESS_KEY_FILE": "/run/secrets/s3",
}


def test_content_is_in_a_folder_or_in_a_bucket() -> None:
    assert read_settings({}).object_store == Path("~/.ostinato/objects").expanduser()
    assert read_settings({"OSTINATO_OBJECT_STORE": "/srv/objects"}).object_store == Path("/srv/objects")
    bucket = read_settings(S3).object_store
    assert bucket == Bucket(
        name="artifacts",
        prefix="of/ostinato",
        endpoint="http://minio.test:9000",
        region=None,
        access_key_id="key",
        secret_access_key_file=Path("/run/secrets/s3"),
        path_style=True,
    )
    assert str(bucket) == "s3://artifacts/of/ostinato"
    alone = read_settings({"OSTINATO_OBJECT_STORE": "s3://artifacts"}).object_store
    assert isinstance(alone, Bucket)
    assert (str(alone), alone.prefix, alone.path_style, alone.access_key_id) == ("s3://artifacts", "", False, None)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("OSTINATO_OBJECT_STORE", "s3:///x", "use a folder, or a bucket and a prefix such as s3://bucket/ostinato"),
        ("OSTINATO_OBJECT_STORE", "s3://bucket/../x", "use a folder, or a bucket and a prefix"),
        ("OSTINATO_OBJECT_STORE", "https://bucket.test/x", "use a folder, or a bucket and a prefix"),
        ("OSTINATO_OBJECT_STORE", "/srv/objects", "OSTINATO_S3_ENDPOINT needs an OSTINATO_OBJECT_STORE such as s3://"),
        ("OSTINATO_S3_ENDPOINT", "minio.test:9000", "use an address such as"),
        ("OSTINATO_S3_ACCESS_KEY_ID", "", "need each other: set both"),
        ("OSTINATO_S3_SECRET_ACCESS_KEY_FILE", "", "need each other: set both"),
        ("OSTINATO_S3_PATH_STYLE", "maybe", "use on or off"),
    ],
)
def test_a_bucket_that_cannot_be_used_is_refused_at_the_start(name: str, value: str, says: str) -> None:
    with pytest.raises(WrongSetting, match=says):
        read_settings({**S3, name: value})
