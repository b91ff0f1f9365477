"""The committed data are small, quick to load, and what the tools make of Docker's descriptions."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apispy.engine.facts import described, value_in_version
from tests.machine_speed import slowdown
from tools import make_earlier, make_shapes

DEBIAN = Path("/usr/share/doc/docker-doc/api")
SHARED = Path(__file__).parents[4] / "shared/engine-api"
"""All descriptions, where they stand beside the checkout; the only ones with 1.42 and later."""

# Docker corrects old descriptions. Debian's are of April 2023, the data were made from those of 2026.
CORRECTED = {
    r"NetworksAttachments\b.*": "what a task holds of its networks was not described",
    r"\.ForceUpdate": "its format",
    r"\.Health[Cc]heck\.(Interval|Timeout|StartPeriod)": "their format",
    r"\.(SharedSize|ShmSize|UsageData\.(Size|RefCount)|StatusCode)": "their format",
    r"\.(StopTimeout|PidsLimit)": "null is allowed",
    r"\.Isolation": "the empty string is allowed",
    r"\.KernelMemory": "was taken out, from /info as from HostConfig",
    r"json responses 200\.Node": "was taken out: the old Swarm's",
    r"/networks.*\.(ConfigFrom(\.Network)?|ConfigOnly|Peers(\[\](\.\w+)?)?|Scope)": "were not described in 1.41",
    r"history responses 200\[\]\.\w+!": "all are required",
    r"/volumes responses 200\.\w+!": "are not required",
    r"Mounts\[\]\.(Source|Type)": "a type was missing; npipe was missing",
    r"(/auth responses 401|(start|networks/create) responses 400)(\.message!?)?": "statuses were missing",
    r"/swarm/join request\..*": "required ones; an array of addresses, not one",
    r"resize parameters query [hw]": "are required",
    r"/build parameters query (outputs|version)": "was missing; that it is JSON was not said",
    r"disable parameters query force": "was missing",
}


def test_the_data_are_small():
    assert sum(path.stat().st_size for path in make_shapes.TARGET.parent.iterdir()) < 300_000


def test_one_version_loads_in_50_milliseconds():
    """In a fresh interpreter, from nothing read to a shape; the modules are imported before."""
    code = (
        "import time; from apispy.engine.shapes import request_shape; from apispy.engine import facts\n"
        "assert not facts.described.cache_info().currsize, 'importing must not load'\n"
        "start = time.process_time(); assert request_shape('ContainerCreate', '1.41').fields\n"
        "print(time.process_time() - start)"
    )
    times = [float(subprocess.check_output([sys.executable, "-c", code])) for _ in range(5)]
    assert min(times) < 0.05 * slowdown()


def test_descriptions_of_docker_doc_give_the_same():
    if not DEBIAN.is_dir():
        missing = pytest.fail if os.environ.get("CI") else pytest.skip
        missing(f"no descriptions in {DEBIAN}: apt-get install docker-doc")
    unmet = set(CORRECTED)
    every = sorted(DEBIAN.glob("v*.yaml.gz"))
    paths = [path for path in every if path.name <= "v1.41.yaml.gz"]
    assert len(paths) == 17
    for path in paths:
        version = path.name[1:5]
        theirs, ours = facts(make_shapes.flatten(make_shapes.load(path))), facts(dict(committed(version)))
        for place in theirs.keys() | ours.keys():
            if theirs.get(place) != ours.get(place):
                reasons = {pattern for pattern in CORRECTED if re.search(f"({pattern})$", place)}
                assert reasons, (
                    f"{version} {place}: docker-doc {theirs.get(place)}, committed {ours.get(place)}"
                )
                unmet -= reasons
    corrected_there_too = len(every) > len(paths)  # Debian 13's are of 2024
    assert corrected_there_too or not unmet, "these differ no more"


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"no descriptions of 1.42 and later in {SHARED}")
def test_the_committed_files_are_what_the_tools_make():
    made = make_shapes.format_json(make_shapes.facts(SHARED))
    assert made == make_shapes.TARGET.read_text(encoding="utf-8"), "run tools/make_shapes.py"
    made = make_earlier.format_json(make_earlier.facts(SHARED / "ops.json"))
    assert made == make_earlier.TARGET.read_text(encoding="utf-8"), "run tools/make_earlier.py"


def committed(version: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """One version's facts, in the form of ``make_shapes.flatten``."""
    for place, history in make_shapes.histories(described()):
        fact = value_in_version(history, version)
        if fact is not None:
            yield place, fact


def facts(flat: dict[tuple[str, ...], Any]) -> dict[str, str]:
    """What is said of each place in each body, and of each parameter; by which definitions it is said is left out."""
    definitions = {place[1]: node for place, node in flat.items() if place[0] == "definitions"}
    result = {}
    for place, node in flat.items():
        key = " ".join(place[1:])
        if "request" in place or "responses" in place:
            result |= {f"{key}{path}": fact for path, fact in leaves(node or "nothing", definitions)}
        elif place[0] == "operations":
            result[key] = str(node)
    return result


def leaves(node: Any, definitions: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, str):
        node = {"ref": node[1:]} if node.startswith("#") else {"type": node}
    if "ref" in node:
        rest = "?" if node.get("nullable") else ""
        for place, fact in leaves(definitions[node["ref"]], definitions, path):
            yield place, fact.removesuffix(rest) + rest if place == path else fact
        return
    kind = next((key for key in ("object", "array", "map") if key in node), node.get("type", "object"))
    enum = "|".join(sorted(map(str, node.get("enum", ()))))
    yield path, f"{kind} {node.get('format', '')} {enum} {'?' if node.get('nullable') else ''}"
    for part in node.get("all", ()):
        yield from ((place, fact) for place, fact in leaves(part, definitions, path) if place != path)
    for name, field in node.get("object", {}).items():
        yield from leaves(field, definitions, f"{path}.{name}")
    for name in node.get("required", ()):
        yield f"{path}.{name}!", "required"
    for key, sign in (("array", "[]"), ("map", "{}")):
        if key in node:
            yield from leaves(node[key], definitions, path + sign)
