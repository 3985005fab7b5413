"""Requests to machines that users name go where they were checked to go, and nowhere else."""

import asyncio
import ssl
from collections.abc import Sequence
from pathlib import Path

import pytest

from ostinato.app import outbound as module
from ostinato.app.outbound import NotSent, Outbound, resolve
from ostinato.core.errors import Invalid
from ostinato.core.outbound import read_url
from tests.app.receivers import LOOPBACK, certificate, outbound, receiving


def target(url: str):
    return read_url("url", url, allow_http=True)


async def test_a_name_is_asked_for_once_and_the_connection_goes_to_what_was_checked() -> None:
    asked: list[str] = []

    def rebinding(host: str) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.99"]

    async with receiving() as receiver:
        answer = await outbound(rebinding).post(target(f"http://hooks.test:{receiver.port}/x?y=1"), b"{}", {"a": "b"})
    assert (answer.status, asked, receiver.connections) == (204, ["hooks.test"], 1)
    [received] = receiver.received
    assert received.line == "POST /x?y=1 HTTP/1.1"
    assert received.headers["host"] == f"hooks.test:{receiver.port}"
    assert (received.headers["a"], received.body) == ("b", b"{}")
    assert received.headers["user-agent"].startswith("Ostinato/")


async def test_a_name_that_leads_elsewhere_after_its_check_is_refused_at_delivery() -> None:
    answers = iter([["8.8.8.8"], ["127.0.0.1"]])

    async def rebinding(_host: str, _port: int) -> Sequence[str]:
        return next(answers)

    careful = Outbound(allow_http=True, resolve=rebinding)
    async with receiving() as receiver:
        place = target(f"http://hooks.test:{receiver.port}/")
        await careful.check("url", place)
        with pytest.raises(NotSent, match=r"may not be reached: 127\.0\.0\.1"):
            await careful.post(place, b"{}", {})
    assert receiver.connections == 0


@pytest.mark.parametrize(
    "among", [["8.8.8.8", "127.0.0.1"], ["10.0.0.1"], ["::ffff:127.0.0.1"], ["fe80::1%1"], ["::1"]]
)
async def test_a_name_of_which_any_address_is_not_public_is_refused(among: list[str]) -> None:
    async def mixed(_host: str, _port: int) -> Sequence[str]:
        return among

    with pytest.raises(Invalid) as refused:
        await Outbound(resolve=mixed).check("url", target("https://hooks.test/"))
    assert refused.value.problems[0].path == "url"
    assert "hooks.test leads to a machine that may not be reached" in refused.value.problems[0].message


@pytest.mark.parametrize(
    "url", ["https://localhost/", "https://127.0.0.1/", "https://[::1]/", "https://[::ffff:7f00:1]/"]
)
async def test_this_machine_is_refused_by_whatever_name_with_the_resolver_of_the_machine(url: str) -> None:
    with pytest.raises(Invalid, match=r"may not be reached|could not be looked up"):
        await Outbound().check("url", target(url))


async def test_names_that_lead_nowhere_or_answer_nonsense_are_told() -> None:
    async def nowhere(_host: str, _port: int) -> Sequence[str]:
        raise OSError("Name or service not known")

    async def nothing(_host: str, _port: int) -> Sequence[str]:
        return []

    async def nonsense(_host: str, _port: int) -> Sequence[str]:
        return ["here"]

    for resolver, words in ((nowhere, "Name or service not known"), (nothing, "leads nowhere"), (nonsense, "here")):
        with pytest.raises(Invalid, match=words):
            await Outbound(resolve=resolver).check("url", target("https://hooks.test/"))


async def test_the_resolver_of_the_machine_gives_each_address_once() -> None:
    assert await resolve("127.0.0.1", 80) == ["127.0.0.1"]


async def test_a_redirect_is_an_answer_and_not_followed() -> None:
    async with receiving() as receiver, receiving() as other:
        receiver.will_answer(302, more=f"location: {other.url}\r\n")
        answer = await outbound().post(target(receiver.url), b"{}", {})
    assert (answer.status, other.connections) == (302, 0)


async def test_no_proxy_of_the_environment_comes_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiving() as receiver, receiving() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert (await outbound().post(target(receiver.url), b"{}", {})).status == 204
    assert (receiver.connections, proxy.connections) == (1, 0)


async def test_certificates_are_those_of_the_name(tmp_path: Path) -> None:
    shown, trust = certificate(tmp_path, "hooks.test")
    asked_for: list[str | None] = []
    shown.sni_callback = lambda _socket, name, _context: asked_for.append(name)
    async with receiving(shown) as receiver:
        sender = outbound(lambda _: ["127.0.0.1"], trust)
        answer = await sender.post(target(f"https://hooks.test:{receiver.port}/"), b"{}", {})
        assert (answer.status, asked_for) == (204, ["hooks.test"])
        with pytest.raises(NotSent, match="CERTIFICATE_VERIFY_FAILED"):
            await sender.post(target(f"https://other.test:{receiver.port}/"), b"{}", {})
        with pytest.raises(NotSent, match="CERTIFICATE_VERIFY_FAILED"):
            await outbound(lambda _: ["127.0.0.1"]).post(target(f"https://hooks.test:{receiver.port}/"), b"{}", {})
    assert len(receiver.received) == 1


async def test_the_next_address_of_a_name_is_tried_when_nobody_answers_at_one() -> None:
    async with receiving() as receiver:
        sender = outbound(lambda _: ["127.0.0.77", "127.0.0.1"])
        assert (await sender.post(target(f"http://hooks.test:{receiver.port}/"), b"{}", {})).status == 204
        both = outbound(lambda _: ["127.0.0.77", "127.0.0.78"])
        with pytest.raises(NotSent, match=r"No connection to 127\.0\.0\.78"):
            await both.post(target(f"http://hooks.test:{receiver.port}/"), b"{}", {})


async def test_an_answer_is_read_no_further_than_it_is_looked_at() -> None:
    async with receiving() as receiver:
        receiver.answers = [b"HTTP/1.1 500 No\r\n\r\n" + b"x" * 10_000_000]
        answer = await outbound().post(target(receiver.url), b"{}", {})
    assert (answer.status, answer.body) == (500, b"x" * module.MOST_BYTES)


async def test_who_does_not_answer_in_time_or_answers_nonsense_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TOTAL_SECONDS", 0.1)
    async with receiving() as receiver:
        receiver.hold = asyncio.Event()
        with pytest.raises(NotSent, match="longer than"):
            await outbound().post(target(receiver.url), b"{}", {})
    async with receiving() as receiver:
        for nonsense in (b"nonsense\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab"):
            receiver.answers = [nonsense]
            with pytest.raises(NotSent, match="broke"):
                await outbound().post(target(receiver.url), b"{}", {})


async def test_nothing_goes_over_http_unless_the_server_is_told_so() -> None:
    async with receiving() as receiver:
        with pytest.raises(NotSent, match="nothing over http"):
            await Outbound(allowed=LOOPBACK).post(target(receiver.url), b"{}", {})
    assert receiver.connections == 0


def test_the_usual_authorities_are_believed_once_loaded() -> None:
    trust = module._usual_trust()
    assert trust.verify_mode is ssl.CERT_REQUIRED
    assert trust.check_hostname
    assert module._usual_trust() is trust
