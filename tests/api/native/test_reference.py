"""The list of routes in docs/reference/native-api.md is what the server publishes."""

from tools.interfaces_reference import BEGIN, END, REFERENCE, route_table


def test_the_reference_lists_the_routes_as_they_are() -> None:
    page = (REFERENCE / "native-api.md").read_text(encoding="utf-8")
    assert page.partition(BEGIN)[2].partition(END)[0] == route_table(), "run make generate"
