"""Explanations as JSON values. The fields are documented in docs/explain.md."""

from typing import Any

from apispy.engine import Operation
from apispy.engine.parameters import Parameter
from apispy.engine.versions import NEWEST
from apispy.learn.explain.meanings import meaning
from apispy.learn.explain.records import Change, Explanation, FieldRow, Given, Hit

Json = dict[str, Any]


def operation_json(row: Operation) -> Json:
    return {
        "operation": row.id,
        "tag": row.tag,
        "method": row.method,
        "path": row.path,
        "first": row.first or "1.0",
        "last": row.last or NEWEST,
        "documented": row.documented,
        "does": row.does,
    }


def explanation_json(one: Explanation) -> Json:
    row = one.operation
    return {
        **operation_json(row),
        "api": one.api,
        "engines": one.engines,
        "notes": list(one.notes),
        "given": [_given(part) for part in one.given],
        "parameters": [_parameter(row, part) for part in one.parameters],
        "body": {
            "framing": one.request_framing,
            "type": one.request_type,
            "fields": [_field(part) for part in one.body],
        },
        "response": {
            "framing": one.response_framing,
            "answers": [
                {
                    "status": answer.status,
                    "type": answer.type,
                    "fields": [_field(part) for part in answer.fields],
                }
                for answer in one.answers
            ],
        },
        "changes": [change_json(change) for change in one.changes],
        "commands": list(row.commands),
        "curl": one.curl,
        "secrets": list(row.secrets),
        "link": one.link,
    }


def hit_json(hit: Hit) -> Json:
    return {**operation_json(hit.operation), "where": list(hit.where)}


def change_json(change: Change) -> Json:
    return {
        "version": change.version,
        "operation": change.operation,
        "what": change.what,
        "part": change.part,
        "name": change.name,
        "before": change.before,
        "after": change.after,
    }


def _given(part: Given) -> Json:
    return {
        "place": part.place,
        "name": part.name,
        "value": part.value,
        "decoded": part.decoded,
        "type": part.type,
        "meaning": part.meaning,
        "note": part.note,
    }


def _parameter(row: Operation, part: Parameter) -> Json:
    return {
        "place": part.place,
        "name": part.name,
        "type": part.type,
        "first": part.first,
        "last": part.last,
        "documented": part.documented,
        "required": part.required,
        "json": part.json,
        "enum": list(part.enum),
        "deprecated": part.deprecated,
        "meaning": meaning(row.id, part.name),
    }


def _field(part: FieldRow) -> Json:
    return {
        "path": part.path,
        "type": part.type,
        "required": part.required,
        "nullable": part.nullable,
        "enum": list(part.enum),
        "first": part.first,
        "last": part.last,
        "secret": part.secret,
    }
