import re
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ostinato import __version__
from ostinato.cli import app, demo_report, demo_server
from ostinato.cli.reference import command_reference
from ostinato.config import read_settings
from tests.cli.commands import Cli
from tests.e2e.servers import free_port

REFERENCE = Path(__file__).parent.parent.parent / "docs" / "reference" / "cli.md"
HEAVY = {"litestar", "asyncpg", "duckdb", "pyarrow", "psycopg", "uvicorn", "ostinato.main", "ostinato.store"}


def test_the_version_is_printed(nowhere: Cli) -> None:
    assert nowhere("--version", code=0).out == f"ostinato {__version__}\n"


@pytest.mark.parametrize(
    "command",
    [("status",), ("status", "1"), ("run", "x"), ("logs", "1"), ("cancel", "1"), ("export",), ("schema",)],
    ids=" ".join,
)
def test_without_a_server_the_exit_code_is_3_and_the_address_is_said(nowhere: Cli, command: tuple[str, ...]) -> None:
    done = nowhere(*command, code=3)

    assert done.out == ""
    assert re.fullmatch(
        rf"No server answers at http://127\.0\.0\.1:{nowhere.port} \(.*\): start one with `ostinato up`, or .*\n",
        done.err,
    )


def test_wrong_settings_and_wrong_words_are_wrong_usage(nowhere: Cli) -> None:
    assert nowhere("status", code=2, OSTINATO_PORT="http").err == (
        "OSTINATO_PORT is 'http': use a whole number from 1 to 65535\n"
    )
    assert "OSTINATO_TIMEZONE" in nowhere("up", "--timezone", "Mars/Phobos", code=2).err
    assert "No such command 'stauts'" in nowhere("stauts", code=2).err
    assert "No such option" in nowhere("run", "x", "--wiat", code=2).err
    assert "RUN" in nowhere("logs", "first", code=2).err
    assert "NAME" in nowhere("run", code=2).err


def test_flags_before_the_command_win_over_the_environment(cli: Cli, nowhere: Cli) -> None:
    flags = ("--home", str(cli.home), "--port", str(cli.port))

    assert nowhere(*flags, "status", code=0, OSTINATO_URL="http://127.0.0.1:1").err == ""
    assert nowhere("--home", str(cli.home), "--url", f"http://localhost:{cli.port}/", "status", code=0).err == ""


def test_flags_after_the_command_are_the_same(cli: Cli, nowhere: Cli) -> None:
    nowhere("status", "--home", str(cli.home), f"--port={cli.port}", code=0)
    nowhere("admin", "list-keys", "--home", str(cli.home), code=0)
    assert "'nope'" in nowhere("run", "--home", str(cli.home), "nope", "--port", str(cli.port), code=1).err
    assert "'--port'" in nowhere("--home", str(cli.home), "--port", str(cli.port), "run", "--", "--port", code=1).err
    assert "--home" in nowhere("status", "--home", code=2).err


NO_ADDRESSES = ("ftp://host", "host:7300", "nonsense", "http://", "http://host:port", "http://[::1", "http://a b")


@pytest.mark.parametrize("url", NO_ADDRESSES)
def test_an_address_that_is_none_is_wrong_usage(nowhere: Cli, url: str) -> None:
    url = url.rstrip("/")
    for done in (nowhere("--url", url, "status", code=2), nowhere("status", code=2, OSTINATO_URL=url)):
        assert done.err == f"{url!r} is no address of a server: write it like http://HOST:PORT or https://HOST\n"


def test_the_log_of_the_demos_server_is_for_its_owner_only(tmp_path: Path) -> None:
    log = tmp_path / demo_server.LOG
    log.write_text("old")
    log.chmod(0o644)
    with demo_server._private(log):
        assert (log.stat().st_mode & 0o777, log.stat().st_size) == (0o600, 0)


def test_the_demo_names_its_data_folder_in_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lines = demo_report.way_back(read_settings({"OSTINATO_HOME": "demo"}), stopped=True)
    assert f"--home {tmp_path / 'demo'} " in lines[0]


def test_a_key_that_is_not_known_is_refused_and_its_origin_named(cli: Cli, nowhere: Cli) -> None:
    wrong = cli("--api-key", "txk_" + "x" * 32, "status", code=1)
    missing = nowhere("--port", str(cli.port), "status", code=1)

    assert "does not know this key (from --api-key or OSTINATO_API_KEY)" in wrong.err
    assert "wants a key" in missing.err
    assert "x" * 32 not in wrong.err
    assert "is no key" in cli("--api-key", "schlüssel", "status", code=2).err


def test_something_else_at_the_address_is_said_to_be_something_else(nowhere: Cli) -> None:
    with _Listener(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello") as listener:
        assert "does not seem to be an Ostinato server" in nowhere("--port", str(listener.port), "status", code=1).err


def test_the_key_of_this_machine_is_not_sent_elsewhere(tmp_path: Path) -> None:
    cli = Cli(tmp_path, free_port())
    (tmp_path / "local.key").write_text("txk_" + "s" * 32)

    with _Listener(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n") as listener:
        cli("--url", f"http://0.0.0.0:{listener.port}", "status", code=1)
        cli("--url", f"http://127.0.0.1:{listener.port}", "status", code=1)

    elsewhere, here = listener.heard
    assert b"txk_" not in elsewhere
    assert b"txk_" in here


def test_a_second_server_on_the_same_home_or_port_is_refused_in_a_line(cli: Cli, nowhere: Cli) -> None:
    same_home = cli("up", "--port", str(free_port()), code=1)
    same_port = nowhere("up", "--port", str(cli.port), code=1)

    assert str(cli.home) in same_home.err
    assert f"127.0.0.1:{cli.port}" in same_port.err
    for done in (same_home, same_port):
        assert "Traceback" not in done.err
        assert len(done.err.splitlines()) <= 2


def test_commands_that_talk_to_a_server_do_not_load_one(cli: Cli) -> None:
    look = (
        "import sys\nfrom ostinato.cli import app\n"
        "try:\n    app(['status'])\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        f"print('loaded:', *sorted({HEAVY!r} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", look], env=dict(cli.environment), capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines()[-1] == "loaded:"


def test_every_command_has_help() -> None:
    for command in re.findall(r"^### ostinato (.+)$", command_reference(), re.MULTILINE):
        assert "Usage: " in CliRunner().invoke(app, [*command.split(), "--help"]).output


def test_the_reference_is_up_to_date() -> None:
    assert REFERENCE.read_text() == command_reference(), "run make generate"


class _Listener:
    """Answers every connection with the same bytes, and remembers what it heard."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self.heard: list[bytes] = []
        self._socket = socket.create_server(("0.0.0.0", 0))
        self.port = int(self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._listen)

    def __enter__(self) -> "_Listener":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                self.heard.append(connection.recv(65_536))
                connection.sendall(self._answer)
