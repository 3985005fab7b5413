"""Where a server may be sent to by what people write."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostinato.core.errors import Invalid
from ostinato.core.outbound import read_url, shown, why_not

PUBLIC = (
    "8.8.8.8",
    "1.1.1.1",
    "93.184.216.34",
    "172.15.255.255",
    "172.32.0.1",
    "11.0.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "169.253.255.255",
    "2606:4700:4700::1111",
    "2a00:1450:4001:800::200e",
    "::ffff:8.8.8.8",
    "2002:808:808::1",
    "64:ff9b::808:808",
)
NOT_PUBLIC = (
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:0:0",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b:1::808:808",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:a00:1::1",
    "2002:c0a8:101::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456:789a::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
)
OF_CLOUDS = (
    "169.254.169.254",
    "::ffff:169.254.169.254",
    "2002:a9fe:a9fe::1",
    "64:ff9b::a9fe:a9fe",
    "168.63.129.16",
    "100.100.100.200",
    "192.0.0.192",
    "fd00:ec2::254",
)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_machine_may_be_reached(address: str) -> None:
    assert why_not(ip_address(address)) is None


@pytest.mark.parametrize("address", [*NOT_PUBLIC, *OF_CLOUDS])
def test_what_is_not_public_may_not(address: str) -> None:
    assert why_not(ip_address(address)) is not None


@pytest.mark.parametrize("address", OF_CLOUDS)
def test_services_that_give_clouds_their_credentials_may_not_even_in_a_network_that_is_allowed(address: str) -> None:
    everything = (ip_network("0.0.0.0/0"), ip_network("::/0"))
    assert "credentials" in str(why_not(ip_address(address), everything))


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("127.0.0.1", True),
        ("127.0.0.2", True),
        ("::ffff:127.0.0.1", True),
        ("64:ff9b::7f00:1", True),
        ("128.0.0.1", True),
        ("10.0.0.1", False),
        ("fd00::1", True),
        ("fe00::1", False),
        ("::1", False),
    ],
)
def test_a_network_that_is_allowed_may_be_reached_and_no_other(address: str, allowed: bool) -> None:
    networks = (ip_network("127.0.0.0/8"), ip_network("fd00::/16"))
    assert (why_not(ip_address(address), networks) is None) == allowed


@given(st.ip_addresses(v=4))
def test_an_address_inside_of_another_is_judged_as_itself(inner: IPv4Address) -> None:
    number = int(inner)
    for outer in (
        IPv6Address((0xFFFF << 32) | number),
        IPv6Address((0x2002 << 112) | (number << 80)),
        IPv6Address((0x64FF9B << 96) | number),
    ):
        assert (why_not(outer) is None) == (why_not(inner) is None)


@given(st.ip_addresses())
def test_what_python_does_not_count_as_global_never_is(address: IPv4Address | IPv6Address) -> None:
    if why_not(address) is None and not (
        isinstance(address, IPv6Address) and (address.sixtofour or address.ipv4_mapped)
    ):
        assert address.is_global
        assert not address.is_multicast


@pytest.mark.parametrize(
    ("url", "host", "port", "path", "header"),
    [
        ("https://hooks.example.com", "hooks.example.com", 443, "/", "hooks.example.com"),
        ("HTTPS://Hooks.Example.COM./a?b=c", "hooks.example.com", 443, "/a?b=c", "hooks.example.com"),
        ("https://h.example:8443/x", "h.example", 8443, "/x", "h.example:8443"),
        ("https://8.8.8.8/", "8.8.8.8", 443, "/", "8.8.8.8"),
        ("https://[2606:4700::0001]:443/", "2606:4700::1", 443, "/", "[2606:4700::1]"),
        ("http://h.example/", "h.example", 80, "/", "h.example"),
        ("https://h.example:80/", "h.example", 80, "/", "h.example:80"),
        ("https://localhost:9000", "localhost", 9000, "/", "localhost:9000"),
        ("https://h.example?x=1", "h.example", 443, "/?x=1", "h.example"),
        ("https://xn--bcher-kva.example/%20", "xn--bcher-kva.example", 443, "/%20", "xn--bcher-kva.example"),
    ],
)
def test_an_address_is_taken_apart_once(url: str, host: str, port: int, path: str, header: str) -> None:
    target = read_url("url", url, allow_http=True)
    assert (target.host, target.port, target.path, target.host_header) == (host, port, path, header)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example.com",
        "//hooks.example.com",
        "http://hooks.example.com",
        "ftp://hooks.example.com",
        "file:///etc/passwd",
        "gopher://h.example",
        "javascript:alert(1)",
        "https:///path",
        "https://",
        "https://user@h.example/",
        "https://user:secret@h.example/",
        "https://h.example@127.0.0.1/",
        "https://127.0.0.1@h.example/",
        "https://@h.example/",
        "https://h.example\\@127.0.0.1/",
        "https://h.example#@127.0.0.1/",
        "https://h.example/#part",
        "https://h.example /",
        "https://h.example\t/",
        "https://h.example\r\nHost: other/",
        "https://h.example/\x00",
        "https://bücher.example/",
        "https://h.example/ü",
        "https://h.exa%6dple/",
        "https://127.1/",
        "https://127.0.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://127.0.0.01/",
        "https://127.0.0.1.:99999/",
        "https://1.2.3.4.5/",
        "https://h.0x1/",
        "https://256.1.1.1/",
        "https://[::1/",
        "https://[::1]x/",
        "https://[fe80::1%25eth0]/",
        "https://[fe80::1%eth0]/",
        "https://[v1.x]/",
        "https://::1/",
        "https://h..example/",
        "https://-h.example/",
        "https://h_.example-/",
        "https://h.example:0/",
        "https://h.example:22/",
        "https://h.example:25/",
        "https://h.example:65536/",
        "https://h.example:-1/",
        "https://h.example:4 43/",
        "https://h.example:x/",
        "https://" + "a" * 64 + ".example/",
        "https://" + "a." * 130 + "example/",
        "https://h.example/" + "a" * 2_000,
        "https://\N{FULLWIDTH DIGIT ONE}27.0.0.1/",
        "https://127\N{IDEOGRAPHIC FULL STOP}0.0.1/",
    ],
)
def test_an_address_that_others_might_read_otherwise_is_refused_with_the_field_named(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_url("url", url, allow_http=False)
    [problem] = refused.value.problems
    assert problem.path == "url"


@given(st.text(max_size=60) | st.from_regex(r"https?://[!-~]{1,40}", fullmatch=True))
def test_whatever_is_written_is_taken_apart_or_refused(url: str) -> None:
    try:
        target = read_url("url", url, allow_http=True)
    except Invalid:
        return
    assert target.host
    assert 0 < target.port < 65_536
    assert target.path.startswith("/")
    assert not set(target.host) & set("@/\\?#% ")


def test_what_may_be_a_secret_in_an_address_is_not_shown() -> None:
    assert (
        shown("https://me:word@h.example:8443/a/b?token=abc&x=&y#z")
        == "https://h.example:8443/a/b?token=***&x=***&y=***"
    )
    assert shown("https://h.example/a") == "https://h.example/a"
