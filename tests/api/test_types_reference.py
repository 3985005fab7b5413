"""The reference of the types is what is installed."""

from tools import definitions_reference

from ostinato import plugins
from ostinato.core.definition_types import branches, described, tagged


def test_the_reference_of_the_types_is_up_to_date() -> None:
    written = definitions_reference.TYPES.read_text(encoding="utf-8")
    assert written == definitions_reference.types_page(), "run make generate"


def test_every_type_and_kind_is_there_with_its_fields_and_secrets_are_marked() -> None:
    page = definitions_reference.types_page()
    for name in plugins.task_type_names():
        assert f"\n### {name}\n" in page
        for kind in tagged(branches(described(plugins.task_type(name).Config))):
            assert f"\n#### {name}, {kind.tag_field}: {kind.tag}\n" in page
    for name in plugins.connection_type_names():
        assert f"\n### {name}\n" in page
    assert "| `password` | text | empty | *Secret.* " in page
    assert "(types.md#task-types)" in definitions_reference.PAGE.read_text(encoding="utf-8")
