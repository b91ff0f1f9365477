#!/usr/bin/env python3
"""Make apispy/engine/data/shapes.json from a folder of Docker's API descriptions (Swagger 2.0).

    .venv/bin/python tools/make_shapes.py FOLDER

FOLDER holds v1.25.yaml ... v1.55.yaml, each plain or gzipped; of moby/moby, api/docs has them, and Debian's package
docker-doc has those up to 1.41 in /usr/share/doc/docker-doc/api. For a new API version put its file into the folder,
run this again, and add a row for the engine that introduced it to apispy/engine/versions.py.

Only facts are kept: names, types, enums, what is required or may be null. Texts and examples are left out.

Output: {"versions": [...], "definitions": {name: HISTORY}, "operations": {"GET /images/{}/json":
{"id": HISTORY, "request": HISTORY, "responses": {status: HISTORY}, "parameters": {"query all": HISTORY}}}}.
A HISTORY is [[first version, fact], ...]; a fact is valid until the next, and null means that the thing was removed.
A definition, a request and a response are nodes: a type ("string", "any"), a definition ("#HostConfig"), or an object
with one of the keys type, ref, object (nodes by name, with "required"), array, map, all (nodes to merge), and
optionally name, nullable, enum, format. A response of "" has no body.
"""

import gzip
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

TARGET = Path(__file__).parents[1] / "apispy/engine/data/shapes.json"
FORMATS = {"dateTime": "date-time", "CIDR": "cidr"}
"""Normalized spellings of formats; the descriptions use both."""

Facts = dict[str, Any]
_JSON = re.compile(r"\bJSON\b", re.IGNORECASE)
_DEPRECATED = re.compile(r"parameter is deprecated", re.IGNORECASE)


def main(folder: str) -> None:
    made = facts(Path(folder))
    expected = [f"1.{minor}" for minor in range(25, 25 + len(made["versions"]))]
    if not expected or made["versions"] != expected:
        sys.exit(
            f"{folder} must contain every description from v1.25.yaml on; found: {made['versions'] or 'none'}"
        )
    text = format_json(made)
    TARGET.write_text(text, encoding="utf-8")
    print(f"{TARGET}: {len(text)} bytes")


def facts(folder: Path) -> Facts:
    """Build the content of the file from all descriptions in *folder*."""
    files = {name[1]: path for path in folder.iterdir() if (name := re.match(r"v(1\.\d+)\.yaml", path.name))}
    versions = sorted(files, key=lambda version: int(version[2:]))
    result: Facts = {"versions": versions, "definitions": {}, "operations": {}}
    for version in versions:
        described = flatten(load(files[version]))
        _enter(result, version, described)
    return result


def load(path: Path) -> Facts:
    data = path.read_bytes()
    text = gzip.decompress(data) if path.suffix == ".gz" else data
    loaded: Facts = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return loaded


def format_json(facts: Facts) -> str:
    """Format as JSON, one line per operation and per state of a definition, so that diffs are readable."""
    definitions = (
        f"{_json(name)}:[\n" + ",\n".join(map(_json, history)) + "]"
        for name, history in sorted(facts["definitions"].items())
    )
    operations = (f"{_json(route)}:{_json(parts)}" for route, parts in sorted(facts["operations"].items()))
    return (
        f'{{"versions":{_json(facts["versions"])},\n"definitions":{{\n'
        + ",\n".join(definitions)
        + '},\n"operations":{\n'
        + ",\n".join(operations)
        + "}}\n"
    )


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def flatten(described: Facts) -> dict[tuple[str, ...], Any]:
    """Collect the facts of one description, by their place in the output."""
    result: dict[tuple[str, ...], Any] = {
        ("definitions", name): node(schema) for name, schema in described["definitions"].items()
    }
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            place = ("operations", f"{method.upper()} {re.sub('{[^}]*}', '{}', path)}")
            result[*place, "id"] = operation["operationId"]
            for status, response in operation["responses"].items():
                result[*place, "responses", str(status)] = (
                    node(response["schema"]) if "schema" in response else ""
                )
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "body":
                    result[*place, "request"] = node(parameter["schema"])
                elif parameter["in"] != "path":  # all of these are required strings
                    name = f"{parameter['in']} {parameter['name']}"
                    result[*place, "parameters", name] = parameter_fact(parameter)
    return result


def parameter_fact(parameter: Facts) -> Facts:
    """Return type, required, enum, json (its value is JSON) and deprecated of a parameter.

    Only the texts of the description say that a value is JSON or a parameter is deprecated.
    """
    text = parameter.get("description", "")
    json_valued = parameter["in"] == "query" and bool(_JSON.search(text))
    type_ = parameter["type"]
    if json_valued and type_ == "integer":  # a mistake in the descriptions: buildargs until 1.36
        type_ = "string"
    rest = {
        "required": parameter.get("required", False),
        "enum": parameter.get("enum") or parameter.get("items", {}).get("enum"),
        "json": json_valued,
        "deprecated": bool(_DEPRECATED.search(text)),
    }
    return {"type": type_, **{key: value for key, value in rest.items() if value}}


def node(schema: Facts) -> Any:
    result = _bare(schema)
    if schema.get("x-nullable"):
        result["nullable"] = True
    if isinstance(schema.get("title"), str):
        result["name"] = schema["title"]
    match list(result):
        case ["type"]:
            return result["type"]
        case ["ref"]:
            return f"#{result['ref']}"
    return result


def _bare(schema: Facts) -> Facts:
    """Return the node without a name, and not shortened."""
    if "$ref" in schema:
        return {"ref": schema["$ref"].rpartition("/")[2]}
    if "allOf" in schema:
        return _merged(schema)
    if schema.get("properties"):
        fields = {name: node(field) for name, field in schema["properties"].items()}
        return {
            "object": fields,
            **({"required": sorted(schema["required"])} if schema.get("required") else {}),
        }
    if isinstance(schema.get("additionalProperties"), dict):
        return {"map": node(schema["additionalProperties"])}
    if schema.get("type") == "array":
        return {"array": node(schema.get("items", {}))}
    return _scalar(schema)


def _merged(schema: Facts) -> Facts:
    """Merge allOf, which often contains a single reference only to add a text or an example."""
    own = {key: value for key, value in schema.items() if key in ("type", "properties", "required")}
    parts = [part for part in (*schema["allOf"], own) if node(part) not in ("object", "any")]
    return _bare(parts[0]) if len(parts) == 1 else {"all": [node(part) for part in parts]}


def _scalar(schema: Facts) -> Facts:
    type_ = schema.get("type", "string" if "enum" in schema else "any")
    result: Facts = {
        "type": type_ if isinstance(type_, str) else "any"
    }  # ["array", "string"]: Cmd until 1.34
    if "enum" in schema and schema["enum"] != [{}]:  # [{}] means an empty object
        result["enum"] = schema["enum"]
    if "format" in schema:
        result["format"] = FORMATS.get(schema["format"], schema["format"])
    return result


def _enter(result: Facts, version: str, described: dict[tuple[str, ...], Any]) -> None:
    """Add to the histories what is new, changed or removed in *version*."""
    known = dict(histories(result))
    for place in described:
        if place not in known:
            at = result
            for key in place[:-1]:
                at = at.setdefault(key, {})
            at[place[-1]] = known[place] = []
    for place, history in known.items():
        fact = described.get(place)
        if not history or history[-1][1] != fact:
            history.append([version, fact])


def histories(facts: Facts, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    """Yield every history in the content of the file, with its place."""
    for key, value in facts.items():
        if isinstance(value, dict):
            yield from histories(value, (*place, key))
        elif key != "versions":
            yield (*place, key), value


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
