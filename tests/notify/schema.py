"""A JSON Schema as far as the suite's own are written; a keyword beyond that is an error, not passed over."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import spark_conformance.notify

SCHEMA = Path(spark_conformance.notify.__file__).with_name("notification.schema.json")
TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float),
    "null": type(None),
}  # fmt: skip
WORDS = {"$schema", "$defs", "title", "description", "format"}


def complaints(data: Any, schema: Path = SCHEMA) -> list[str]:
    """What of the data does not follow the schema, each with its place."""
    root = json.loads(schema.read_text(encoding="utf-8"))
    return list(_complaints(data, root, root, "$"))


def _complaints(  # noqa: C901, PLR0912 - a branch for each keyword
    data: Any, schema: dict[str, Any], root: dict[str, Any], place: str
) -> Iterator[str]:
    for keyword, value in schema.items():
        match keyword:
            case "$ref":
                yield from _complaints(data, root["$defs"][value.removeprefix("#/$defs/")], root, place)
            case "type":
                kinds = tuple(TYPES[kind] for kind in ([value] if isinstance(value, str) else value))
                if not any(isinstance(data, kind) for kind in kinds) or (isinstance(data, bool) and bool not in kinds):
                    yield f"{place}: is no {value}"
            case "const" | "enum":
                if data not in (value if keyword == "enum" else [value]):
                    yield f"{place}: is {data!r}, none of {value}"
            case "anyOf":
                if all(list(_complaints(data, one, root, place)) for one in value):
                    yield f"{place}: is none of those"
            case "required":
                yield from (f"{place}: lacks {name}" for name in value if isinstance(data, dict) and name not in data)
            case "additionalProperties":
                names = set(data) - set(schema["properties"]) if isinstance(data, dict) and value is False else ()
                yield from (f"{place}: has {name}" for name in names)
            case "properties":
                own = data if isinstance(data, dict) else {}
                for name, of in value.items():
                    yield from _complaints(own[name], of, root, f"{place}.{name}") if name in own else ()
            case "items":
                for number, item in enumerate(data if isinstance(data, list) else []):
                    yield from _complaints(item, value, root, f"{place}[{number}]")
            case "minItems":
                if len(data) < value:
                    yield f"{place}: has too few"
            case _ if keyword not in WORDS:
                raise NotImplementedError(keyword)
