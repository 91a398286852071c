"""The shapes of records: which keys they must have, which they may have, and the types of their values."""

from collections.abc import Mapping
from typing import Any

#: Names of keys -> a type, or several, that the value of each is of.
Shape = Mapping[str, type | tuple[type, ...]]


def shape(**types: str) -> Shape:
    """Return a shape from ``integer="a b", text_or_none="c"``: types, and the keys of that type."""
    return {key: TYPES[name] for name, keys in types.items() for key in keys.split()}


NONE = type(None)

TYPES: dict[str, type | tuple[type, ...]] = {
    "integer": int,
    "integer_or_none": (int, NONE),
    "number": float,
    "number_or_none": (float, NONE),
    "text": str,
    "text_or_none": (str, NONE),
    "flag": bool,
    "flag_or_none": (bool, NONE),
    "array": list,
    "record": dict,
    "record_or_none": (dict, NONE),
}


def misshapen(record: Mapping[str, Any], needed: Shape, optional: Shape | None = None) -> list[str]:
    """Return what is wrong with a record: a sentence for each key that is missing, unknown or of another type."""
    known = {**needed, **(optional or {})}
    wrong = [f"{key} is missing" for key in needed if key not in record]
    wrong += [f"{key} is unknown" for key in record if key not in known]
    for key, value in record.items():
        types = known.get(key, object)
        # A bool is an int to Python, and to nobody else.
        is_flag = isinstance(value, bool)
        wanted = types if isinstance(types, tuple) else (types,)
        if not isinstance(value, types) or (is_flag and bool not in wanted and object not in wanted):
            wrong.append(f"{key} is {value!r}, not of {types}")
    return wrong
