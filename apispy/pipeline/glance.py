"""As much of a finished call as statistics need."""

from dataclasses import replace

from apispy import engine
from apispy.engine.operation import Call
from apispy.learn import Memory
from apispy.model import Body, Exchange, Request, Response, Tunnel
from apispy.outputs.base import Reading
from apispy.pipeline.finish import read
from apispy.steps.parameters import innocent
from apispy.steps.redact import Redactor

SILENT = ("", "json", "text", "raw", "tar")
"""Formats of answers that do not tell of an error after a status of success."""

GLANCING = Redactor()
"""For what is only counted: nobody compares its tokens."""


def glance(exchange: Exchange) -> Reading:
    """As much of a finished exchange as statistics need, many times as quickly as ``read`` gives all.

    What is in it has no heads, no bytes and no items. Bodies are looked into only where an answer may tell of an error
    after a status of success; that another is damaged is not seen.
    """
    call, response = engine.lookup(exchange.request.method, exchange.request.target), exchange.response
    if response is not None and response.status < 400 and _may_fail_late(call):
        return read(exchange, Memory(), notes="off")
    slim = _without_contents(exchange)
    if call.query and not innocent(exchange.request.target):
        slim = GLANCING.redact(slim)
        if slim.request.target != exchange.request.target:
            call = replace(engine.lookup(slim.request.method, slim.request.target), operation=call.operation)
    return Reading(slim, call, {})


def _may_fail_late(call: Call) -> bool:
    return call.operation.response not in SILENT or call.operation.id == "ContainerWait"


def _without_contents(exchange: Exchange) -> Exchange:
    request, response, tunnel = exchange.request, exchange.response, exchange.tunnel
    return Exchange(
        exchange.id,
        exchange.connection,
        exchange.started,
        exchange.client,
        exchange.upstream,
        Request(request.method, request.target, body=Body(size=request.body.size)),
        response and Response(response.status, body=Body(size=response.body.size), at=response.at),
        tunnel
        and Tunnel(tunnel.protocol, Body(size=tunnel.to_server.size), Body(size=tunnel.to_client.size)),
        exchange.end,
        exchange.duration,
    )
