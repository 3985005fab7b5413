"""What names and keys may be."""

from typing import Annotated, TypeAlias

import msgspec


def plain(what: str, longest: int) -> msgspec.Meta:
    """What a name of some kind may be: text of one line, of 1 to so many characters."""
    return msgspec.Meta(
        min_length=1,
        max_length=longest,
        pattern="^[^\x00-\x1f\x7f-\x9f]*$",
        extra={"words": f"{what} of 1 to {longest} characters, without control characters"},
    )


Name: TypeAlias = Annotated[str, plain("a name", 200)]
ShortName: TypeAlias = Annotated[str, plain("a name", 100)]
Tag: TypeAlias = Annotated[str, plain("a tag", 100)]
Key: TypeAlias = Annotated[
    str,
    msgspec.Meta(
        pattern="^(?!all$)[a-z0-9][a-z0-9_-]{0,62}$",
        extra={"words": "a key of 1 to 63 lower-case letters, digits, _ and -, not beginning with _ or -, not 'all'"},
    ),
]
Description: TypeAlias = Annotated[str | None, msgspec.Meta(description="What it is for, in words.")]
