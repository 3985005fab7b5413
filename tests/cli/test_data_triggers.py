"""`ostinato data-trigger` against a running server."""

from tests.cli.commands import Cli, wait_until


def test_a_data_trigger_is_made_starts_what_it_is_for_and_is_deleted(cli: Cli) -> None:
    made = cli("data-trigger", "create", "colours", "--source", "hello@lab", code=0)
    assert made.out == "Data trigger 1 is made; it waits for a success of 'hello' in workspace 'lab'\n"
    assert "would start itself" in cli("data-trigger", "create", "hello", "--source", "colours", code=1).err
    cli.start("hello")
    wait_until(lambda: cli("data-trigger", "list", "--json", code=0).json["items"][0]["fires"] == 1)
    listed = cli("data-trigger", "list", code=0).out
    assert "colours (task)" in listed
    assert "all of hello" in listed
    assert cli("data-trigger", "delete", "1", code=0).out == "Data trigger 1 is deleted\n"
