"""OTLP/JSON, for Jaeger's page (Upload) and other readers of OpenTelemetry: an ExportTraceServiceRequest.

``otlp_spans`` makes the spans.
"""

from collections.abc import Iterable, Iterator

import apispy
from apispy.outputs.base import DecodedCall
from apispy.outputs.decoded_values import ascii_json
from apispy.outputs.exports.base import exporter
from apispy.outputs.exports.otlp_spans import Spans, resource_of, whole
from apispy.outputs.exports.otlp_values import key_values


@exporter(
    "otlp-json",
    suffix=".otlp.json",
    description="OpenTelemetry spans, for the upload of Jaeger's page",
    has_urls=True,
)
def export(decoded_calls: Iterable[DecodedCall]) -> Iterator[str]:
    scope = ascii_json({"name": "apispy", "version": apispy.__version__})
    yield '{"resourceSpans": ['
    spans, last, comma = Spans(), "", ""
    for decoded in decoded_calls:
        resource = ascii_json({"attributes": key_values(resource_of(decoded.exchange))})
        if resource != last:
            end = "\n]}]}," if last else ""
            yield f'{end}\n{{"resource": {resource}, "scopeSpans": [{{"scope": {scope}, "spans": ['
            last, comma = resource, ""
        for span in spans.of(decoded):
            yield f"{comma}\n{ascii_json(whole(span))}"
            comma = ","
    yield "\n]}]}\n]}\n" if last else "]}\n"
