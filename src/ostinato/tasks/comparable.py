"""When two values of different types mean the same: SQL expressions that are equal exactly then.

Each expression is made of one side only, so that a database can join by it.
"""

WHOLE = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"}
)
FLOATS = {"FLOAT": 2**24, "DOUBLE": 2**53}
"""From these numbers on they hold whole numbers only, and not all of them."""
MOST_DIGITS = 38


def comparable(left: str, right: str, left_type: str, right_type: str) -> tuple[str, str]:
    """Two expressions that are equal where both values mean the same."""
    types = {left_type, right_type}
    if are_exact(types) or (all(map(is_number, types)) and not types <= FLOATS.keys()):
        return _comparable_numbers(left, right, left_type, right_type)
    common = _common_type(types)
    if common == "":
        return left, right
    if common is not None:
        return f"CAST({left} AS {common})", f"CAST({right} AS {common})"
    readable = _readable_type((types - {"VARCHAR"}).pop())
    return _as_text(left, left_type, readable), _as_text(right, right_type, readable)


def _common_type(types: set[str]) -> str | None:
    """What to cast both sides to; empty: nothing is needed; None: one is text, to be read as the other."""
    if len(types) == 1:
        return ""
    if "VARCHAR" in types:
        return None
    if all(is_number(kind) or kind == "BOOLEAN" for kind in types):
        return "FLOAT" if "FLOAT" in types else "DOUBLE"
    if all(kind == "DATE" or kind.startswith("TIMESTAMP") for kind in types):
        return "TIMESTAMPTZ" if "TIMESTAMP WITH TIME ZONE" in types else "TIMESTAMP"
    return "VARCHAR"


def _comparable_numbers(left: str, right: str, left_type: str, right_type: str) -> tuple[str, str]:
    """Numbers of which at most one is a float, compared without rounding what is exact."""
    types = {left_type, right_type}
    if len(types) == 1 or types <= WHOLE:
        return left, right
    if floats := types & FLOATS.keys():
        (kind,) = floats
        return _spelled(left, left_type, kind), _spelled(right, right_type, kind)
    common = _exact_type(types)
    if common:
        return f"CAST({left} AS {common})", f"CAST({right} AS {common})"
    return _digits_of(left, left_type), _digits_of(right, right_type)


def are_exact(types: set[str]) -> bool:
    return all(kind in WHOLE or kind.startswith("DECIMAL") or kind == "BOOLEAN" for kind in types)


def _exact_type(types: set[str]) -> str:
    """A decimal that holds both; empty where there is none that is wide enough."""
    parts = [digits(kind) for kind in types]
    scale = max(scale for _, scale in parts)
    width = max(whole for whole, _ in parts) + scale
    return f"DECIMAL({width}, {scale})" if width <= MOST_DIGITS else ""


def _spelled(value: str, kind: str, as_float: str) -> str:
    """A number as text that is the same for the same number: whole ones by their digits, fractions as a float has them.

    Fractions go through text, for DuckDB's own cast of a decimal to a float rounds twice.
    """
    if kind == as_float:
        return _float_digits(value)
    nearest = _float_digits(f"CAST(CAST({value} AS VARCHAR) AS {as_float})")
    small = f"abs(CAST({value} AS DOUBLE)) < {FLOATS[as_float]}"
    return f"CASE WHEN {small} THEN {nearest} ELSE {_digits_of(value, kind)} END"


def _float_digits(value: str) -> str:
    """NaN and the infinities are not below the bound, and are spelled as they are."""
    whole = _digits_of(f"TRY_CAST({value} AS HUGEINT)", "HUGEINT")
    return f"CASE WHEN {value} = trunc({value}) AND abs({value}) < 1e38 THEN {whole} ELSE CAST({value} AS VARCHAR) END"


def _digits_of(value: str, kind: str) -> str:
    """The digits without the zeros that say nothing, before as after: DuckDB leaves them out for some types only."""
    if kind == "BOOLEAN":
        value = f"CAST({value} AS TINYINT)"
    text = f"CAST({value} AS VARCHAR)"
    if digits(kind)[1]:
        text = f"rtrim(rtrim({text}, '0'), '.')"
    return f"regexp_replace({text}, '^(-?)0+', '\\1')"


def _readable_type(kind: str) -> str:
    """As what text is read that is compared with this type: finer than the type itself, so that nothing is rounded."""
    if kind in WHOLE or kind.startswith("DECIMAL"):
        whole, scale = digits(kind)
        return f"DECIMAL(38, {min(scale + 12, 38 - whole)})"
    return "TIMESTAMP" if kind == "DATE" else kind


def _as_text(value: str, kind: str, readable: str) -> str:
    """Both sides spelled the same way; text that cannot be read as the other type stays as it is."""
    if kind == "VARCHAR":
        return f"coalesce(CAST(TRY_CAST({value} AS {readable}) AS VARCHAR), {value})"
    return f"CAST(CAST({value} AS {readable}) AS VARCHAR)"


def is_number(kind: str) -> bool:
    return kind in WHOLE or kind in FLOATS or kind.startswith("DECIMAL")


def digits(kind: str) -> tuple[int, int]:
    """Digits before and after the point."""
    if not kind.startswith("DECIMAL"):
        return 20, 0
    precision, scale = (int(part) for part in kind.removeprefix("DECIMAL(").removesuffix(")").split(","))
    return precision - scale, scale
