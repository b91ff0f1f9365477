"""A Python script that makes the calls with docker-py: by the method of its APIClient that makes just this call, else
as they were, because an APIClient is a session of requests. What the script does is told in ``python_text.py``."""

from collections.abc import Iterable, Iterator

from apispy.engine.versions import parse
from apispy.outputs.base import Reading
from apispy.outputs.exports.base import exporter
from apispy.outputs.exports.curl import recorded
from apispy.outputs.exports.docker_py import arguments
from apispy.outputs.exports.python_text import joined, literal, plain, text
from apispy.outputs.exports.script_steps import Script, Step, script

IMPORTS = "import base64\nimport json\nimport sys\nimport threading\nimport time\n\nimport docker\nimport requests\n"

CLIENT = """where = {{"base_url": RECORDED}} | docker.utils.kwargs_from_env()
api = http = docker.APIClient(**where, version={version!r})
base = api.base_url
"""

LOWEST = (1, 24)
"""The API version below which docker-py refuses to work."""


@exporter("python", suffix=".py", says="a Python script that uses docker-py (pip install docker)")
def export(readings: Iterable[Reading]) -> Iterator[str]:
    calls = script(readings)
    version = _version(calls)
    beginning = f"{IMPORTS}\nRECORDED = {recorded(calls)!r}\n\n{CLIENT.format(version=version)}"
    return text(calls, "docker-py: pip install docker", beginning, lambda step: _call(step, calls, version))


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
