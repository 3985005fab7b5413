from tests.cli.commands import Cli


def numbers(cli: Cli, *arguments: str) -> list[int]:
    return [run["id"] for run in cli("runs", "list", *arguments, "--json", code=0).json["items"]]


def test_runs_are_listed_by_what_is_known_of_them(cli: Cli) -> None:
    hello = cli("run", "hello", "--json", "--wait", code=0).json["run"]["id"]
    broken = cli("run", "broken", "--json", "--wait", code=1).json["run"]["id"]
    good = cli("run", "good", "--json", "--wait", code=0).json["run"]["id"]
    assert numbers(cli, "--limit", "3") == [good, broken, hello]
    assert numbers(cli, "--type", "plan", "--limit", "1") == [good]
    assert numbers(cli, "--type", "Package", "--type", "plan", "--limit", "2") == [good, broken]
    assert numbers(cli, "--text", "EXIT CODE 3", "--limit", "1") == [broken]
    assert numbers(cli, "--name", "hello", "--state", "SUCCEEDED", "--limit", "1") == [hello]
    assert numbers(cli, "--before", str(broken), "--limit", "1") == [hello]
    by_hand = ("--user", "admin", "--cause", "manual", "--from", "2026-01-01", "-w", "lab", "-e", "Production")
    assert good in numbers(cli, *by_hand)
    assert numbers(cli, "--user", "nobody") == numbers(cli, "--to", "2020-01-01T00:00:00+01:00") == []


def test_a_list_of_runs_is_a_table_with_what_comes_next_and_the_total(cli: Cli) -> None:
    for _ in range(2):
        last = cli("run", "hello", "--json", "--wait", code=0).json["run"]["id"]
    lines = cli("runs", "list", "--name", "hello", "--limit", "1", "--total", code=0).out.splitlines()
    assert lines[0].split() == ["RUN", "NAME", "WORKSPACE", "STATE", "STARTED", "DURATION"]
    assert lines[1].split()[:4] == [str(last), "hello", "Production/lab", "SUCCEEDED"]
    assert int(lines[3].removesuffix(" match")) >= 2
    assert lines[5] == f"There may be more: add --before {last}"
    assert cli("runs", "list", "--name", "nothing", code=0).out == "No run matches\n"


def test_a_filter_that_cannot_be_is_told_by_its_name(cli: Cli) -> None:
    assert "--from is 'soon': write a day or a time" in cli("runs", "list", "--from", "soon", code=2).err
    assert "state" in cli("runs", "list", "--state", "DONE", code=1).err
    assert "cause" in cli("runs", "list", "--cause", "whim", code=1).err
