import re
from pathlib import Path

import httpx

from tests.cli.commands import Cli
from tests.e2e.servers import free_port

KEY = re.compile(r"txk_[A-Za-z0-9]{32}\n")
BULLETS = "\N{BULLET}" * 8


def test_a_new_key_is_alone_on_stdout_and_works_at_once(cli: Cli) -> None:
    done = cli("admin", "create-key", "--user", "ann", "--description", "first", code=0)

    assert KEY.fullmatch(done.out)
    assert done.err == ""
    assert _workspaces(cli, done.out.strip()) == []


def test_a_role_shows_its_workspace_to_the_user(cli: Cli) -> None:
    key = cli("admin", "create-key", "--user", "bob", "--description", "first", code=0).out.strip()

    done = cli("admin", "grant", "--user", "bob", "--workspace", "lab", "--role", "Viewer", code=0)

    assert done.out == "bob is Viewer of lab\n"
    assert _workspaces(cli, key) == ["lab"]
    assert "EXECUTE" in cli("run", "hello", code=1, OSTINATO_API_KEY=key).err


def test_a_fourth_key_is_refused(cli: Cli) -> None:
    for number in range(3):
        cli("admin", "create-key", "--user", "cleo", "--description", str(number), code=0)

    refused = cli("admin", "create-key", "--user", "cleo", "--description", "too many", code=1)
    assert "limit" in refused.err
    assert "`ostinato admin list-keys`" in refused.err
    assert "`ostinato admin delete-key`" in refused.err


def test_keys_are_listed_without_what_opens_them_and_a_deleted_one_makes_room(cli: Cli) -> None:
    keys = [
        cli("admin", "create-key", "--user", "fay", "--description", f"key {number}", code=0).out.strip()
        for number in range(3)
    ]
    assert _workspaces(cli, keys[0]) == []

    listed = cli("admin", "list-keys", "--user", "fay", "--json", code=0).json

    assert [key["key"] for key in listed] == [f"txk_{BULLETS}{key[-5:]}" for key in keys]
    assert [(key["user"], key["description"]) for key in listed] == [("fay", f"key {number}") for number in range(3)]
    table = cli("admin", "list-keys", "--user", "fay", code=0).out
    assert table.splitlines()[0].split() == ["ID", "USER", "KEY", "DESCRIPTION", "CREATED", "LAST", "USED"]
    assert all(key not in table for key in keys)
    number = str(listed[0]["id"])
    assert cli("admin", "delete-key", number, code=0).out == f"API key {number} is deleted\n"
    assert _ask(cli, keys[0]).status_code == 401
    assert _workspaces(cli, keys[1]) == []
    assert "does not exist" in cli("admin", "delete-key", number, code=1).err
    cli("admin", "create-key", "--user", "fay", "--description", "there is room", code=0)
    assert cli("admin", "list-keys", "--user", "nobody", code=0).out == "nobody has no keys\n"


def test_the_key_of_this_machine_is_not_listed_and_cannot_be_deleted(cli: Cli) -> None:
    local = (cli.home / "local.key").read_text().strip()

    keys = cli("admin", "list-keys", "--json", code=0).json

    assert all(not key["key"].endswith(local[-5:]) for key in keys)
    first = "1"  # the server's own, made before all others
    assert first not in {str(key["id"]) for key in keys}
    assert "does not exist" in cli("admin", "delete-key", first, code=1).err
    assert _ask(cli, local).status_code == 200


def test_a_role_in_a_workspace_that_nobody_has_is_refused_with_those_there_are(cli: Cli) -> None:
    done = cli("admin", "grant", "--user", "gil", "--workspace", "laab", "--role", "Viewer", code=2)

    assert "workspace: there is no workspace 'laab' in any environment" in done.err
    assert "lab" in done.err.partition("(allowed: ")[2]


def test_names_with_control_characters_are_refused_everywhere(cli: Cli) -> None:
    for command in (
        ("create-key", "--user", "a\x1b[31m", "--description", "d"),
        ("grant", "--user", "a\nb", "--workspace", "lab", "--role", "Viewer"),
        ("list-keys", "--user", "a\u202eb"),
    ):
        assert cli("admin", *command, code=2).err.startswith("user: a name has no control characters")


def test_wrong_words_are_wrong_usage(cli: Cli) -> None:
    assert "Viewer" in cli("admin", "grant", "--user", "dora", "--workspace", "lab", "--role", "King", code=2).err
    assert cli("admin", "create-key", "--user", "", "--description", "d", code=2).err.startswith("user: ")
    assert "--description" in cli("admin", "create-key", "--user", "dora", code=2).err


def test_keys_can_be_made_while_no_server_runs(tmp_path: Path) -> None:
    cli = Cli(tmp_path / "home", free_port())

    first = cli("admin", "create-key", "--user", "eve", "--description", "early", code=0)
    second = cli("admin", "list-keys", code=0)

    assert KEY.fullmatch(first.out)
    assert first.err == f"A new data folder was made in {tmp_path / 'home'}\n"
    assert (second.err, "early" in second.out) == ("", True)
    assert (tmp_path / "home" / "secret.key").exists()


def _workspaces(cli: Cli, key: str) -> list[str]:
    answer = _ask(cli, key)
    assert answer.status_code == 200, answer.text
    return [workspace["key"] for workspace in answer.json()]


def _ask(cli: Cli, key: str) -> httpx.Response:
    url = f"http://127.0.0.1:{cli.port}/api/v0/orchestration/workspaces"
    return httpx.get(url, headers={"X-API-Key": key}, timeout=20)


def test_a_user_is_made_deactivated_and_let_in_again(cli: Cli) -> None:
    assert cli("admin", "create-user", "zoe", "--role", "OPERATOR", code=0).out == "zoe is made\n"
    key = cli("admin", "create-key", "--user", "zoe", "--description", "first", code=0).out.strip()
    assert _workspaces(cli, key) == ["lab"]
    assert cli("admin", "deactivate-user", "zoe", code=0).out == "zoe is deactivated\n"
    assert _ask(cli, key).status_code == 401
    cli("admin", "activate-user", "zoe", code=0)
    cli("admin", "set-roles", "zoe", code=0)
    assert _workspaces(cli, key) == []
    [zoe] = [user for user in cli("admin", "list-users", "--json", code=0).json if user["name"] == "zoe"]
    assert (zoe["kind"], zoe["active"], zoe["roles"]) == ("person", True, [])
    assert "already" in cli("admin", "create-user", "zoe", code=1).err
    assert "roles[0]" in cli("admin", "create-user", "yan", "--role", "GOD", code=2).err
    assert "another active ADMINISTRATOR" in cli("admin", "deactivate-user", "admin", code=1).err


def test_a_personal_access_token_is_sent_as_a_bearer(cli: Cli) -> None:
    token = cli("admin", "create-token", "--user", "max", "--description", "first", code=0).out.strip()
    assert re.fullmatch(r"ost_[A-Za-z0-9]{32}", token)
    answer = httpx.get(f"http://127.0.0.1:{cli.port}/api/v1/status", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200


def test_the_record_of_changes_is_checked(cli: Cli) -> None:
    assert cli("admin", "check-audit", code=0).out == "Every record is as it was written\n"


def test_a_key_may_be_limited(cli: Cli) -> None:
    cli("admin", "grant", "--user", "kim", "--workspace", "lab", "--role", "Contributor", code=0)
    limits = ("--scope", "VIEW", "--only-workspace", "lab", "--expires", "2999-12-31")
    key = cli("admin", "create-key", "--user", "kim", "--description", "limited", *limits, code=0).out.strip()
    assert _workspaces(cli, key) == ["lab"]
    assert "not for EXECUTE" in cli("run", "hello", code=1, OSTINATO_API_KEY=key).err
    wrong = cli("admin", "create-key", "--user", "kim", "--description", "wrong", "--scope", "FLY", code=2)
    assert "scopes[0]" in wrong.err
