"""The house is what the documents say it is."""

import re
import tomllib
from pathlib import Path

import ostinato
from ostinato import config
from ostinato.cli import options

ROOT = Path(__file__).parent.parent
SOURCE = Path(ostinato.__file__).parent
MODULES = sorted(SOURCE.rglob("*.py"))
LONGEST_FILE = 420
FORBIDDEN_NAMES = {"utils", "common", "helpers", "base", "manager", "service", "handler", "misc"}


def test_the_map_of_folders_names_every_folder_and_no_other() -> None:
    text = (ROOT / "docs/architecture.md").read_text()
    drawn = set(re.findall(r"^  (\w+/|\w+\.py) +", text.split("<!-- map")[1].split("```")[1], re.MULTILINE))
    ignored = {"__init__.py", "__pycache__", "py.typed", "examples", "__main__.py"}
    there = {path.name + ("/" if path.is_dir() else "") for path in SOURCE.iterdir() if path.name not in ignored}
    assert drawn == there


def test_files_stay_short() -> None:
    long = {str(file.relative_to(SOURCE)): len(file.read_text().splitlines()) for file in MODULES}
    assert {name: lines for name, lines in long.items() if lines > LONGEST_FILE} == {}


def test_no_module_is_named_after_nothing_in_particular() -> None:
    assert [file for file in MODULES if file.stem in FORBIDDEN_NAMES] == []


def test_every_module_says_what_it_is_for() -> None:
    assert [file for file in MODULES if not file.read_text().lstrip().startswith('"""')] == []


def test_every_decision_ends_with_what_violates_it() -> None:
    decisions = sorted((ROOT / "docs/decisions").glob("0*.md"))
    assert len(decisions) >= 10
    for decision in decisions:
        assert "\nA change violates this when it:\n- " in decision.read_text(), decision.name


def test_every_setting_is_in_the_reference() -> None:
    reference = (ROOT / "docs/reference/settings.md").read_text()
    names = re.findall(r"OSTINATO_[A-Z0-9_]+", Path(config.__file__).read_text())
    assert [name for name in sorted(set(names)) if f"`{name}`" not in reference] == []


def test_every_direct_dependency_is_justified() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["s3"]]
    names = re.findall(r"^[a-z0-9-]+", "\n".join(wanted), re.MULTILINE)
    reasons = (ROOT / "docs/decisions/0012-every-dependency-is-justified-in-one-line.md").read_text()
    assert [name for name in names if f"| {name} |" not in reasons] == []


def test_lock_files_name_no_host() -> None:
    for lock in ROOT.glob("requirements*.lock"):
        assert not re.search(r"https?://|index-url", lock.read_text()), lock.name


def test_every_setting_has_a_flag_of_its_name() -> None:
    known = {*options.SERVER_SETTINGS, "home", "host", "port", "url", "api_key"}
    of_provider = {f"oidc_{field}" for field in config.OpenId.__struct_fields__ if field != "redirect_uri"}
    of_bucket = {f"s3_{field}" for field in config.Bucket.__struct_fields__ if field not in ("name", "prefix")}
    assert known == {*config.Settings.__struct_fields__, *of_provider, *of_bucket} - {"openid"}
