"""Where plain data departs from the schema: the key's path, what stands there, what is allowed.

msgspec says that something is wrong; this says it as people want to read it, with the true index of a
list's element, the name of a table's key, and the choices there are.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args, get_origin

import msgspec
from msgspec import inspect, structs

from perf_tui.text import clean, cut

_LONGEST = 60
"""Cells of a wrong value that are repeated to the person who wrote it."""
_CREDENTIALS = re.compile(r"//[^/@\s]*@")


def locate(value: object, kind: Any, where: str = "") -> tuple[str, str] | None:
    """The first departure of `value` from the type `kind` as (key path, problem), or None."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _locate_in_table(value, kind, where)
    origin = get_origin(kind)
    places: list[tuple[str, object]] | None = None
    if origin is tuple and isinstance(value, list):
        places = [(f"{where}[{number}]", item) for number, item in enumerate(value)]
        of = get_args(kind)[0]
    elif origin is dict and isinstance(value, Mapping):
        places = [(join(where, str(key)), item) for key, item in value.items()]
        of = get_args(kind)[1]
    if places is not None:
        return next((found for place, item in places if (found := locate(item, of, place))), None)
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return where, wrong(value, kind)
    return None


def _locate_in_table(value: object, kind: type[msgspec.Struct], where: str) -> tuple[str, str] | None:
    if not isinstance(value, Mapping):
        return where, wrong(value, kind)
    fields = {field.encode_name: field for field in structs.fields(kind)}
    for key in value:
        if key not in fields:
            return join(where, str(key)), f"unknown key; {nearest(str(key), fields)}"
    for name, field in fields.items():
        if name in value:
            if found := locate(value[name], field.type, join(where, name)):
                return found
        elif field.required:
            return where, f'the key "{name}" is missing; it needs {allowed(field.type)}'
    return None


def join(where: str, key: str) -> str:
    """The path of `key` in the table at `where`."""
    return f"{where}.{key}" if where else key


def nearest(name: str, known: Iterable[str]) -> str:
    """`the nearest is …`; where none is near, what is known or, of very many, how they look."""
    names = list(known)
    if near := difflib.get_close_matches(name, names, n=1, cutoff=0.5):
        return f"the nearest is {near[0]}"
    return f"they look like {names[0]}" if len(names) > 20 else f"known: {', '.join(names)}"


def wrong(value: object, kind: Any) -> str:
    """That `value` is not of type `kind`, and what is."""
    return f"{shown(value)} is not allowed; allowed: {allowed(kind)}"


def shown(value: object) -> str:
    """A value as the file writes it, short, on one line, without a password that an address may hold."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return cut(f"'{clean(_CREDENTIALS.sub('//***@', value))}'", _LONGEST)
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, (list, tuple)):
        return "a list"
    return "null" if value is None else cut(clean(str(value)), _LONGEST)


def allowed(kind: Any) -> str:
    """What a value of this type may be, in words."""
    if get_origin(kind) is Literal:  # in the order of the schema; `inspect` sorts them
        return ", ".join(map(str, get_args(kind)))
    return _words(inspect.type_info(kind))


def _words(info: inspect.Type) -> str:
    match info:
        case inspect.Metadata(type=inner, extra_json_schema=extra):
            return str(extra["description"]) if extra and "description" in extra else _words(inner)
        case inspect.LiteralType(values=values):
            return ", ".join(map(str, values))
        case inspect.BoolType():
            return "true or false"
        case inspect.FloatType() | inspect.IntType():
            return _range("a number" if isinstance(info, inspect.FloatType) else "a whole number", info.ge, info.le)
        case inspect.StrType(min_length=least, max_length=most):
            if most is not None:
                return f"text of {least or 0} to {most} characters"
            return "text that is not empty" if least else "text"
        case inspect.UnionType(types=types):
            return " or ".join(_words(each) for each in types if not isinstance(each, inspect.NoneType))
        case inspect.VarTupleType(item_type=inspect.StructType()):
            return "tables, each under its own [[heading]]"
        case inspect.VarTupleType(item_type=inner):
            return f"a list of {_words(inner)}"
        case inspect.DictType(value_type=inner):
            return f"a table of {_words(inner)}"
        case _:
            return "a table"


def _range(noun: str, least: float | None, most: float | None) -> str:
    if least is None and most is None:
        return noun
    if least is None:
        return f"{noun} up to {most:g}"
    return f"{noun} from {least:g}" + ("" if most is None else f" to {most:g}")
