import re
from pathlib import Path

import httpx

from tests.cli.commands import Cli
from tests.e2e.servers import free_port

KEY = re.compile(r"txk_[A-Za-z0-9]{32}\n")


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

    assert "limit" in cli("admin", "create-key", "--user", "cleo", "--description", "too many", code=1).err


def test_wrong_words_are_wrong_usage(cli: Cli) -> None:
    assert "Viewer" in cli("admin", "grant", "--user", "dora", "--workspace", "lab", "--role", "King", code=2).err
    assert cli("admin", "create-key", "--user", "", "--description", "d", code=2).err.startswith("user: ")
    assert "--description" in cli("admin", "create-key", "--user", "dora", code=2).err


def test_keys_can_be_made_while_no_server_runs(tmp_path: Path) -> None:
    cli = Cli(tmp_path / "home", free_port())

    assert KEY.fullmatch(cli("admin", "create-key", "--user", "eve", "--description", "early", code=0).out)
    assert (tmp_path / "home" / "secret.key").exists()


def _workspaces(cli: Cli, key: str) -> list[str]:
    answer = httpx.get(
        f"http://127.0.0.1:{cli.port}/api/v0/orchestration/workspaces", headers={"X-API-Key": key}, timeout=20
    )
    assert answer.status_code == 200, answer.text
    return [workspace["key"] for workspace in answer.json()]
