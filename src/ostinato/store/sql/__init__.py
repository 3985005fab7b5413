"""The statements: `<noun>/<verb>.sql`, each opening with a comment that says what it means for the product."""

from functools import cache
from importlib.resources import files


@cache
def statement(name: str) -> str:
    """The text of one statement, named like `runs/claim`."""
    return files(__package__).joinpath(f"{name}.sql").read_text(encoding="utf-8")


def names() -> list[str]:
    """The names of all statements."""
    nouns = [noun for noun in files(__package__).iterdir() if noun.is_dir() and not noun.name.startswith("__")]
    return sorted(
        f"{noun.name}/{file.name[:-4]}" for noun in nouns for file in noun.iterdir() if file.name.endswith(".sql")
    )
