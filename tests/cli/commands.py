"""The program `ostinato` as a process of its own, as people and scripts start it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

PROGRAM = (sys.executable, "-m", "ostinato.cli")
DEADLINE_SECONDS = 40


class Done:
    """What a command did: its exit code and what it wrote."""

    def __init__(self, process: "subprocess.CompletedProcess[str]") -> None:
        self.code, self.out, self.err = process.returncode, process.stdout, process.stderr

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Cli:
    """Commands with one environment."""

    def __init__(self, home: Path, port: int, **more: str) -> None:
        self.home, self.port = home, port
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("OSTINATO_")}
        self.environment: Mapping[str, str] = {
            **inherited,
            "OSTINATO_HOME": str(home),
            "OSTINATO_PORT": str(port),
            **more,
        }

    def __call__(self, *arguments: str, code: int | None = None, stdin: str = "", **more: str) -> Done:
        """Run a command to its end; with `code`, it must end so."""
        done = Done(
            subprocess.run(
                [*PROGRAM, *arguments],
                env={**self.environment, **more},
                input=stdin,
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
        )
        assert code is None or done.code == code, f"{done.code}\n{done.out}\n{done.err}"
        return done

    def begin(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [*PROGRAM, *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def start(self, name: str) -> int:
        """Start a plan or task and do not wait; the number of its run."""
        number: int = self("run", name, "--json", code=0).json["id"]
        return number

    def state(self, number: int) -> str:
        state: str = self("status", str(number), "--json", code=0).json["run"]["state"]
        return state


def wait_until(true: Callable[[], Any]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
