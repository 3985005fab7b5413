"""The server as the commands see it: requests with the right key, and refusals in words."""

import time
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import IO, Any, TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec

from ostinato import __version__
from ostinato.cli import wire
from ostinato.cli.errors import Failure, NotReachable, Refused, WrongUsage
from ostinato.cli.text import plain, problem_line
from ostinato.config import Settings

T = TypeVar("T")

LOCAL_KEY = "local.key"
"""The file in the data folder in which a running server leaves a key for this machine's command line."""
ANSWER_SECONDS = 60.0
"""More than the longest time for which the server holds an answer back."""
UPLOAD_SECONDS = 600.0
"""A large file is looked through before there is an answer."""
PATIENCE_SECONDS = 15.0
"""How long a command that watches a run bears with a server that is being restarted."""
RETRY_SECONDS = 0.2


class Server:
    """One server, for the length of a command."""

    def __init__(self, settings: Settings, *, key: str | None = None) -> None:
        """`key`: instead of the one the settings name."""
        self.url = _checked(settings.url)
        self._answered = False
        on_this_machine = _is_local(self.url, settings.host)
        self._key = key or settings.api_key
        self._key_from = "--api-key or OSTINATO_API_KEY" if self._key else str(settings.home / LOCAL_KEY)
        if self._key and not (self._key.isascii() and self._key.isprintable()):
            raise WrongUsage(f"The key from {self._key_from} is no key: it holds characters that no key has")
        self._key_file = settings.home / LOCAL_KEY if on_this_machine and not self._key else None
        try:
            # No proxy stands between this machine and itself, and without TLS no certificates need to be read.
            self._http = httpx.Client(
                base_url=self.url,
                headers={"user-agent": f"ostinato-cli/{__version__}"},
                auth=self._sign,
                timeout=httpx.Timeout(ANSWER_SECONDS, connect=5),
                trust_env=not on_this_machine,
                verify=self.url.startswith("https:"),
            )
        except (httpx.InvalidURL, ValueError) as error:
            raise _no_address(self.url) from error

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, answer: type[T], **parameters: Any) -> T:
        """The answer as a struct; raises msgspec.ValidationError if it is something else."""
        return msgspec.convert(self.get_json(path, **parameters), answer)

    def get_json(self, path: str, **parameters: Any) -> Any:
        """The answer as it came; parameters that are None are left out."""
        given = {name: value for name, value in parameters.items() if value is not None}
        return self._asked("GET", path, params=given)

    def get_patiently(self, path: str, answer: type[T], **parameters: Any) -> T:
        """Like `get`, but a server that answered before and is away for some seconds is waited for."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return self.get(path, answer, **parameters)
            except NotReachable:
                if not self._answered or time.monotonic() > deadline:
                    raise
            except Refused as refusal:
                if refusal.status != 503 or time.monotonic() > deadline:
                    raise
            time.sleep(RETRY_SECONDS)

    def post(self, path: str, answer: type[T], body: Any = None) -> T:
        return msgspec.convert(self.post_json(path, body), answer)

    def post_json(self, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        return self._asked("POST", path, json=body, headers=headers)

    def delete(self, path: str) -> None:
        self._asked("DELETE", path)

    def upload(self, path: str, answer: type[T], fields: Mapping[str, str], name: str, file: IO[bytes]) -> T:
        """Send a form whose last part is a file, which is read as it is sent."""
        patience = httpx.Timeout(UPLOAD_SECONDS, connect=5)
        sent = self._asked("POST", path, data=fields, files={"file": (name, file)}, timeout=patience)
        return msgspec.convert(sent, answer)

    def is_ready(self) -> bool:
        """Whether something answers at the address and says that it is an Ostinato that is ready."""
        try:
            answer = self._http.get("/health", timeout=5)
            return answer.status_code == 200 and answer.json().get("status") == "ok"
        except (httpx.HTTPError, ValueError, AttributeError):
            return False

    def _sign(self, request: httpx.Request) -> httpx.Request:
        """Put the key in. The local one is read each time, for a server that is started again makes a new one."""
        if self._key_file is not None:
            self._key = _read(self._key_file)
        if self._key:
            request.headers["x-api-key"] = self._key
        return request

    def _asked(self, method: str, path: str, **request: Any) -> Any:
        try:
            answer = self._http.request(method, path, **request)
        except httpx.HTTPError as error:
            raise NotReachable(
                f"No server answers at {self.url} ({plain(str(error)) or type(error).__name__}): "
                "start one with `ostinato up`, or say with --url or OSTINATO_URL where it is"
            ) from error
        self._answered = True
        if answer.is_success:
            return self._json(answer)
        raise Refused(answer.status_code, self._refusal(answer))

    def _json(self, answer: httpx.Response) -> Any:
        if not answer.content:
            return None
        try:
            return msgspec.json.decode(answer.content)
        except msgspec.DecodeError as error:
            raise Failure(f"What answers at {self.url} does not seem to be an Ostinato server") from error

    def _refusal(self, answer: httpx.Response) -> str:
        if answer.status_code == 401:
            return (
                f"The server at {self.url} does not know this key (from {self._key_from}): "
                if self._key
                else f"The server at {self.url} wants a key: "
            ) + "set OSTINATO_API_KEY, or OSTINATO_HOME to the data folder of a server on this machine"
        try:
            problem = msgspec.json.decode(answer.content, type=wire.Refusal)
        except msgspec.MsgspecError:
            return plain(answer.text)[:300] or f"The server at {self.url} answered {answer.status_code}"
        if problem.errors:
            return "\n".join(map(problem_line, problem.errors))
        return plain(problem.detail or problem.title) or f"The server at {self.url} answered {answer.status_code}"


def _checked(url: str) -> str:
    """The address, if it can be one; raises WrongUsage."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not url.isprintable() or " " in url or parts.query or parts.fragment:
        raise _no_address(url)
    return url


def _no_address(url: str) -> WrongUsage:
    return WrongUsage(f"{plain(url)!r} is no address of a server: write it like http://HOST:PORT or https://HOST")


def _is_local(url: str, host: str) -> bool:
    """Whether the address is this machine's own; the local key is sent nowhere else."""
    name = urlsplit(url).hostname or ""
    if name in {"localhost", host}:
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def _read(file: Path) -> str | None:
    try:
        return file.read_text().strip() or None
    except OSError:
        return None
