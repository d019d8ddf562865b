"""A validator of the part of JSON Schema that the schema of facts files uses: a library for one file is too much.

It refuses a schema with a keyword that it does not know, so that none goes unheeded. check-jsonschema and taplo judge
the same files alike.
"""

import re
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]
Judge = Callable[[Any, Any, Json], bool]

ANNOTATIONS = {"$schema", "$defs", "title", "description", "default", "format", "then"}
TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
}


class Validator:
    """`holds` says whether a value is as the schema demands."""

    def __init__(self, schema: Json) -> None:
        self._schema = schema

    def holds(self, value: Any, schema: Any = None) -> bool:
        schema = self._schema if schema is None else schema
        if isinstance(schema, bool):
            return schema
        unknown = schema.keys() - ANNOTATIONS - JUDGES.keys()
        assert not unknown, unknown
        return all(JUDGES[key](self, value, schema) for key in schema.keys() & JUDGES.keys())

    def _type(self, value: Any, schema: Json) -> bool:
        names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        return any(isinstance(value, TYPES[name]) and isinstance(value, bool) <= (name == "boolean") for name in names)

    def _properties(self, value: Any, schema: Json) -> bool:
        """`properties`, `patternProperties` and `additionalProperties` together: each says what the others leave."""
        if not isinstance(value, dict):
            return True
        named, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
        for key, inner in value.items():
            found = [named[key]] if key in named else []
            found += [one for pattern, one in patterns.items() if re.search(pattern, key)]
            if not all(self.holds(inner, one) for one in found or [schema.get("additionalProperties", True)]):
                return False
        return True

    def _reference(self, value: Any, schema: Json) -> bool:
        return self.holds(value, self._schema["$defs"][schema["$ref"].removeprefix("#/$defs/")])

    def _if(self, value: Any, schema: Json) -> bool:
        return not self.holds(value, schema["if"]) or self.holds(value, schema["then"])


def _text(judge: Callable[[str, Any], bool], key: str) -> Callable[[Validator, Any, Json], bool]:
    return lambda _, value, schema: not isinstance(value, str) or judge(value, schema[key])


def _number(judge: Callable[[float, Any], bool], key: str) -> Callable[[Validator, Any, Json], bool]:
    return lambda _, value, schema: not isinstance(value, int | float) or judge(value, schema[key])


JUDGES: dict[str, Callable[[Validator, Any, Json], bool]] = {
    "$ref": Validator._reference,
    "type": Validator._type,
    "if": Validator._if,
    **dict.fromkeys(("properties", "patternProperties", "additionalProperties"), Validator._properties),
    "enum": lambda _, value, schema: value in schema["enum"],
    "const": lambda _, value, schema: value == schema["const"],
    "not": lambda self, value, schema: not self.holds(value, schema["not"]),
    "anyOf": lambda self, value, schema: any(self.holds(value, one) for one in schema["anyOf"]),
    "required": lambda _, value, schema: not isinstance(value, dict) or set(schema["required"]) <= value.keys(),
    "dependentRequired": lambda _, value, schema: all(
        set(needed) <= value.keys() for key, needed in schema["dependentRequired"].items() if key in value
    ),
    "items": lambda self, value, schema: (
        not isinstance(value, list) or all(self.holds(one, schema["items"]) for one in value)
    ),
    "minItems": lambda _, value, schema: not isinstance(value, list) or len(value) >= schema["minItems"],
    "minProperties": lambda _, value, schema: not isinstance(value, dict) or len(value) >= schema["minProperties"],
    "maxProperties": lambda _, value, schema: not isinstance(value, dict) or len(value) <= schema["maxProperties"],
    "pattern": _text(lambda value, pattern: bool(re.search(pattern, value)), "pattern"),
    "minLength": _text(lambda value, least: len(value) >= least, "minLength"),
    "maxLength": _text(lambda value, most: len(value) <= most, "maxLength"),
    "minimum": _number(lambda value, least: value >= least, "minimum"),
    "maximum": _number(lambda value, most: value <= most, "maximum"),
    "exclusiveMinimum": _number(lambda value, bound: value > bound, "exclusiveMinimum"),
    "exclusiveMaximum": _number(lambda value, bound: value < bound, "exclusiveMaximum"),
}
