"""A Python script that makes the calls with docker-py: by the method of its APIClient that makes just this call, else
as they were, because an APIClient is a session of requests. What the script does is told in ``python_text.py``."""

from collections.abc import Iterable, Iterator

import apispy
from apispy.engine.versions import parse
from apispy.outputs import units
from apispy.outputs.base import Reading
from apispy.outputs.exports.base import exporter
from apispy.outputs.exports.curl import recorded
from apispy.outputs.exports.docker_py import arguments
from apispy.outputs.exports.python_text import (
    FUNCTIONS,
    comments,
    impossible,
    joined,
    literal,
    plain,
    statement,
)
from apispy.outputs.exports.steps import Script, Step, script

IMPORTS = "import base64\nimport json\nimport sys\nimport threading\nimport time\n\nimport docker\nimport requests\n"

CLIENT = """where = {{"base_url": RECORDED}} | docker.utils.kwargs_from_env()
api = http = docker.APIClient(**where, version={version!r})
base = api.base_url
"""

LOWEST = (1, 24)
"""The API version below which docker-py refuses to work."""


@exporter("python", suffix=".py", says="a Python script with docker-py (pip install docker)")
def export(readings: Iterable[Reading]) -> Iterator[str]:
    calls = script(readings)
    version = _version(calls)
    count = units.count(len(calls.steps), "calls")
    yield f'"""{count} of Docker\'s API, exported by apispy {apispy.__version__}, for docker-py: pip install docker\n\n'
    yield "They go where DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH say, as those of docker do, else to\n"
    yield 'where they went.\n"""\n\n'
    yield f"{IMPORTS}\nRECORDED = {recorded(calls)!r}\n\n{CLIENT.format(version=version)}{FUNCTIONS}"
    for step in calls.steps:
        yield "\n\n" + "".join(f"{line}\n" for line in comments(step))
        why = impossible(step.reading)
        yield f"# {why}\n" if why else f"{statement(step, _call(step, calls, version))}\n"


def _version(calls: Script) -> str:
    """The first that a call named and that docker-py can speak."""
    named = (step.reading.call.version or "" for step in calls.steps)
    return next((version for version in named if (parse(version) or (0, 0)) >= LOWEST), "auto")


def _call(step: Step, calls: Script, version: str) -> str:
    found = arguments(step.reading) if step.reading.call.version == version else None
    if found is None:
        return plain(step, calls)
    method, positional, named = found
    words = [literal(value, calls) for value in positional]
    words += [f"{name}={literal(value, calls)}" for name, value in named.items()]
    return joined([f"api.{method}", *words])
