"""Explanations as JSON values. The fields are documented in docs/explain.md."""

from dataclasses import asdict
from typing import Any

from apispy.engine import Operation
from apispy.engine.parameters import Parameter
from apispy.engine.versions import NEWEST
from apispy.learn.explain.descriptions import description
from apispy.learn.explain.records import Change, Explanation, FieldRow, Understood

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
        "given": [asdict(part) for part in one.given],
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
        "changes": [asdict(change) for change in one.changes],
        "commands": list(row.commands),
        "curl": one.curl,
        "secrets": list(row.secrets),
        "link": one.link,
    }


def explanations_json(understood: Understood, pages: list[Explanation]) -> Json:
    return {
        "understood": understood.kind,
        "notes": list(understood.notes),
        "explanations": [explanation_json(page) for page in pages],
    }


def found_json(understood: Understood) -> Json:
    found = [{**operation_json(hit.operation), "where": list(hit.where)} for hit in understood.hits]
    return {"understood": understood.kind, "found": found}


def difference_json(older: str, newer: str, notes: list[str], changes: tuple[Change, ...]) -> Json:
    return {"older": older, "newer": newer, "notes": notes, "changes": [asdict(change) for change in changes]}


def _parameter(row: Operation, part: Parameter) -> Json:
    return {**asdict(part), "meaning": description(row.id, part.name)}


def _field(part: FieldRow) -> Json:
    return {name: value for name, value in asdict(part).items() if name != "plain_type"}
