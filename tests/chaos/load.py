"""Clients that go on starting runs, whatever happens to the servers, and say what they were told."""

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

PATIENCE_SECONDS = 60
"""How long a client asks again for the same thing."""
AGAIN_SECONDS = 0.1
OUTSTANDING = 4
"""Runs a client has under way before it waits for the oldest."""
KINDS = {"cheap": 6, "program": 3, "flaky": 2, "pooled": 1, "single": 1, "outer": 3, "failing": 1}
ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")


@dataclass
class Seen:
    """What the clients were told: every accepted request, every end, and every answer that should not have come."""

    accepted: dict[str, int] = field(default_factory=dict)
    ended: dict[int, tuple[str, int, str]] = field(default_factory=dict)
    """Run to state, attempt and time of its end."""
    problems: list[str] = field(default_factory=list)
    given_up: bool = False
    repeated: int = 0
    """Requests that were sent again because their answer did not come."""


class Load:
    """Some clients, each in a thread, from `start` until `finish`."""

    def __init__(self, urls: Sequence[str], key: str, clients: int, kinds: dict[str, int] | None = None) -> None:
        self._urls, self._key, self._kinds = list(urls), key, kinds or KINDS
        self._stop = threading.Event()
        self.seen = Seen()
        self._threads = [threading.Thread(target=self._work, args=(number,)) for number in range(clients)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def client(self, number: int) -> "Client":
        """One more client, for the test itself."""
        return Client(self._urls, self._key, number, self.seen)

    def finish(self, seconds: float) -> None:
        """Start nothing more, and wait until everything has ended: fails if that takes longer."""
        self._stop.set()
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0, deadline - time.monotonic()))
        stuck = sorted(set(self.seen.accepted.values()) - set(self.seen.ended))
        assert not stuck, f"{len(stuck)} runs have not ended {seconds} s after the last disturbance: {stuck[:10]}"

    def give_up(self) -> None:
        """After a failure: begin nothing more, and ask for nothing more."""
        self._stop.set()
        self.seen.given_up = True
        for thread in self._threads:
            thread.join()

    def _work(self, number: int) -> None:
        chance, waiting = random.Random(number), deque[int]()
        client = Client(self._urls, self._key, number, self.seen)
        try:
            while not self._stop.is_set():
                (name,) = chance.choices(list(self._kinds), list(self._kinds.values()))
                waiting.append(client.begin(name))
                if len(waiting) >= OUTSTANDING:
                    client.wait(waiting.popleft())
            while waiting:
                client.wait(waiting.popleft())
        except Exception as error:
            self.seen.problems.append(f"client {number}: {error!r}")
        finally:
            client.close()


class Client:
    """Asks again, of another server if there is one, as long as it gets no answer or is told to come later."""

    def __init__(self, urls: Sequence[str], key: str, number: int, seen: Seen) -> None:
        self._urls, self._number, self._seen, self._begun = deque(urls), number, seen, 0
        self._urls.rotate(number)
        self._http = httpx.Client(headers={"X-API-Key": key}, timeout=10)

    def close(self) -> None:
        self._http.close()

    def begin(self, name: str) -> int:
        self._begun += 1
        key = f"{self._number}-{self._begun}"
        body, headers = {"name": name}, {"Idempotency-Key": key}
        answer = self._ask(lambda url: self._http.post(f"{url}/api/v1/runs", json=body, headers=headers))
        run: int = answer["id"]
        self._seen.accepted[key] = run
        if self._begun % 7 == 0:
            again = self._ask(lambda url: self._http.post(f"{url}/api/v1/runs", json=body, headers=headers))
            if again["id"] != run:
                self._seen.problems.append(f"key {key} started {run} and then {again['id']}")
        return run

    def wait(self, run: int) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline and not self._seen.given_up:
            told = self._ask(lambda url: self._http.get(f"{url}/api/v1/runs/{run}", params={"wait": 2}))["run"]
            if told["state"] in ENDED:
                self._seen.ended[run] = (told["state"], told["attempt"], told["endedAt"])
                return

    def _ask(self, send: Callable[[str], httpx.Response]) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline and not self._seen.given_up:
            try:
                answer = send(self._urls[0])
            except httpx.TransportError:
                self._seen.repeated += 1
            else:
                if answer.is_success:
                    told: dict[str, Any] = answer.json()
                    return told
                if answer.status_code != 503:
                    raise AssertionError(f"{answer.request.method} was answered {answer.status_code}: {answer.text}")
                self._seen.repeated += 1
            self._urls.rotate()
            time.sleep(AGAIN_SECONDS)
        raise AssertionError(f"no answer for {PATIENCE_SECONDS} s")
