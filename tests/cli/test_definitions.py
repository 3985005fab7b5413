import json
import re
from pathlib import Path

from ostinato.cli import definitions, wire
from tests.cli.commands import Cli

PIPELINE = """
workspaces: [{key: sales, name: Sales}]
workspace: sales
connections:
- name: exports
  type: files
  config: {path: "${EXPORTS}"}
tasks:
- name: look
  type: Query
  config: {connection: exports, query: SELECT 1 AS one}
plans:
- name: daily
  steps: [{name: only, tasks: [look]}]
"""
WRONG = """
workspace: sales
tasks:
- name: look
  type: Query
  config: {connection: exports, query: SELECT 1, condition: some}
- name: odd
  type: Qeury
"""


def test_a_file_is_applied_with_the_variables_it_names_and_once_more_changes_nothing(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "sales.yaml"
    file.write_text(PIPELINE)

    first = cli("apply", str(file), code=0, EXPORTS="/srv/exports")
    second = cli("apply", str(file), code=0, EXPORTS="/srv/exports")

    assert re.search(r"^created +task +look \(Production/sales\)$", first.out, re.MULTILINE)
    assert re.search(r"^4 created, 0 changed, \d+ left as they were$", first.out, re.MULTILINE)
    assert re.fullmatch(r"0 created, 0 changed, \d+ left as they were\n", second.out)


def test_diff_says_what_would_change_and_changes_nothing(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "sales.yaml"
    file.write_text(PIPELINE)
    cli("apply", str(file), code=0, EXPORTS="/srv/exports")
    file.write_text(PIPELINE.replace("SELECT 1 AS one", "SELECT 2 AS two"))

    for _ in range(2):
        done = cli("diff", str(file), code=0, EXPORTS="/srv/exports")
        assert re.search(r"^change +task +look \(Production/sales\): config", done.out, re.MULTILINE)
        assert re.search(r"^0 to create, 1 to change, \d+ as they are$", done.out, re.MULTILINE)
    assert cli("diff", str(file), "--json", code=0, EXPORTS="/srv/exports").json["changed"] == 1


def test_a_folder_is_applied_as_one_and_hidden_files_are_not_part_of_it(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "one.yml").write_text("workspaces: [{key: deep, name: Deep}]\n")
    (tmp_path / "two.yaml").write_text(
        "workspace: deep\ntasks: [{name: t, type: Package, config: {kind: command, command: 'true'}}]\n"
    )
    (tmp_path / ".hidden.yaml").write_text("nonsense: [")
    (tmp_path / "notes.txt").write_text("no definitions")

    assert cli("apply", str(tmp_path), "--json", code=0).json["created"] == 2


def test_what_is_wrong_is_said_with_file_line_and_path_and_nothing_is_applied(cli: Cli, tmp_path: Path) -> None:
    good, wrong = tmp_path / "good.yaml", tmp_path / "wrong.yaml"
    good.write_text("workspaces: [{key: never, name: Never}]\n")
    wrong.write_text(WRONG)

    done = cli("apply", str(tmp_path), code=1)

    assert done.out == ""
    lines = done.err.splitlines()
    assert lines[0].startswith(f"{wrong}:6: tasks[0].config.condition: 'some' is not allowed")
    assert lines[0].endswith(" (allowed: no_rows, rows)")
    assert lines[1].startswith(f"{wrong}:8: tasks[1].type: there is no task type 'Qeury'")
    assert "never" not in cli("export", code=0).out


def test_a_variable_that_is_not_set_is_named(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "sales.yaml"
    file.write_text(PIPELINE)

    assert "EXPORTS is not set" in cli("apply", str(file), code=1).err


def test_paths_without_definitions_are_wrong_usage(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    assert "does not exist" in cli("apply", str(tmp_path / "missing.yaml"), code=2).err
    assert "holds no *.yaml" in cli("diff", str(tmp_path / "empty"), code=2).err


def test_what_was_exported_can_be_applied_and_changes_nothing(cli: Cli, tmp_path: Path) -> None:
    named = cli("export", "--workspace", "lab", "--to", str(tmp_path / "out"), code=0).out.splitlines()

    assert named
    assert all(Path(name).is_file() for name in named)
    again = cli("apply", str(tmp_path / "out"), "--json", code=0).json
    assert (again["created"], again["changed"]) == (0, 0)


def test_an_export_to_stdout_is_one_yaml_text_that_can_be_applied(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "all.yaml"
    file.write_text(cli("export", "--workspace", "lab", code=0).out)

    again = cli("apply", str(file), "--json", code=0).json
    assert (again["created"], again["changed"]) == (0, 0)


def test_the_schema_is_json_schema(cli: Cli) -> None:
    assert json.loads(cli("schema", code=0).out)["$schema"].startswith("https://json-schema.org/")


def test_a_file_that_is_no_text_is_named_exactly_and_refused(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text("workspaces: [{key: never, name: Never}]\n")
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"# a\nname: caf\xe9\n")

    assert cli("apply", str(tmp_path), code=1).err == f"{latin}:2: the file is not UTF-8 text: save it as UTF-8\n"


def test_definitions_can_come_on_stdin(cli: Cli) -> None:
    applied = cli("apply", "-", code=0, stdin="workspaces: [{key: piped, name: Piped}]\n")
    compared = cli("diff", "-", code=0, stdin="workspaces: [{key: piped, name: Other}]\n")
    wrong = cli("apply", "-", code=1, stdin="workspaces: [\n")

    assert "piped" in applied.out
    assert "0 to create, 1 to change" in compared.out
    assert wrong.err.startswith("<stdin>:2: not valid YAML")


def test_what_is_exported_can_be_piped_back_and_changes_nothing(cli: Cli) -> None:
    for more in ((), ("-w", "lab")):
        again = cli("apply", "-", "--json", code=0, stdin=cli("export", *more, code=0).out).json
        assert (again["created"], again["changed"]) == (0, 0)


SECRET_FILES = (
    "hunter2\n",
    "1:hunter2/+=\n",
    "PASSWORD=hunter2\n",
    "PASSWORD: hunter2\n",
    "a: b: hunter2\n",
    "-----BEGIN KEY-----\nhunter2\n",
    "[hunter2\n",
    "key 'hunter2\n",
    "`hunter2",
    '"\\hunter2"',
)


def test_a_secret_file_given_by_mistake_is_not_repeated(cli: Cli) -> None:
    for text in SECRET_FILES:
        done = cli("apply", "-", code=1, stdin=text)
        assert done.err
        assert "hunter2" not in done.out + done.err


def test_a_reference_to_a_parameter_asks_for_no_variable() -> None:
    file = wire.DefinitionFile(name="a.yaml", text="${parameter:day} ${A} ${B:-b} ${C")

    body = definitions.apply_files([file], {"parameter": "p", "A": "1", "B": "2", "C": "3"})

    assert body["variables"] == {"A": "1", "B": "2"}
