"""What names and keys may be."""

from typing import Annotated, TypeAlias

import msgspec

Name: TypeAlias = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=200,
        pattern="^[^\x00-\x1f\x7f-\x9f]*$",
        extra={"words": "a name of 1 to 200 characters, without control characters"},
    ),
]
Tag: TypeAlias = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=100,
        pattern="^[^\x00-\x1f\x7f-\x9f]*$",
        extra={"words": "a tag of 1 to 100 characters, without control characters"},
    ),
]
Key: TypeAlias = Annotated[
    str,
    msgspec.Meta(
        pattern="^(?!all$)[a-z0-9][a-z0-9_-]{0,62}$",
        extra={"words": "a key of 1 to 63 lower-case letters, digits, _ and -, not beginning with _ or -, not 'all'"},
    ),
]
Description: TypeAlias = Annotated[str | None, msgspec.Meta(description="What it is for, in words.")]
