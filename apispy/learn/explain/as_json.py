"""Explanations as JSON values. docs/explain.md documents the fields."""

from apispy.engine import Operation
from apispy.engine.parameters import Parameter
from apispy.engine.versions import NEWEST
from apispy.learn.explain.body_fields import plain_path
from apispy.learn.explain.descriptions import description
from apispy.learn.explain.field_meanings import meaning
from apispy.learn.explain.records import Change, Explanation, FieldRow, Interpretation, Json, Topic
from apispy.structs import asdict


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


def explanation_json(explanation: Explanation) -> Json:
    row = explanation.operation
    return {
        **operation_json(row),
        "api": explanation.api,
        "engines": explanation.engines,
        "notes": list(explanation.notes),
        "given": [asdict(argument) for argument in explanation.typed],
        "parameters": [_parameter(row, part) for part in explanation.parameters],
        "body": {
            "framing": explanation.request_framing,
            "type": explanation.request_type,
            "fields": [_field(row, part) for part in explanation.body],
        },
        "response": {
            "framing": explanation.response_framing,
            "answers": [
                {
                    "status": response.status,
                    "type": response.type,
                    "fields": [_field(row, part) for part in response.fields],
                }
                for response in explanation.responses
            ],
        },
        "changes": [asdict(change) for change in explanation.changes],
        "commands": list(row.commands),
        "curl": explanation.curl,
        "secrets": list(row.secrets),
        "link": explanation.link,
    }


def explanations_json(interpretation: Interpretation, pages: list[Explanation]) -> Json:
    return {
        "understood": interpretation.kind,
        "notes": list(interpretation.notes),
        "topics": [_topic(topic) for topic in interpretation.topics],
        "flags": [asdict(use) for use in interpretation.flags],
        "explanations": [explanation_json(page) for page in pages],
    }


def found_json(interpretation: Interpretation) -> Json:
    found = [{**operation_json(hit.operation), "where": list(hit.where)} for hit in interpretation.hits]
    topics = [_topic(topic) for topic in interpretation.topics]
    return {"understood": interpretation.kind, "topics": topics, "found": found}


def difference_json(older: str, newer: str, notes: list[str], changes: tuple[Change, ...]) -> Json:
    return {"older": older, "newer": newer, "notes": notes, "changes": [asdict(change) for change in changes]}


def _topic(topic: Topic) -> Json:
    return {"title": topic.title, "text": topic.text, "source": topic.source, "operations": list(topic.see)}


def _parameter(row: Operation, part: Parameter) -> Json:
    return {**asdict(part), "meaning": description(row.id, part.name, part.place)}


def _field(row: Operation, part: FieldRow) -> Json:
    value = {name: value for name, value in asdict(part).items() if name != "plain_type"}
    return {**value, "meaning": meaning(row.id, plain_path(part.path))}
