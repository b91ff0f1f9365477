"""Which calls each field chooses."""

from collections.abc import Iterator
from typing import Any

import pytest

from apispy.engine import OPERATIONS
from apispy.filters import Filter, Part
from apispy.filters.subject_names import CONTAINER_PARAMETERS, IMAGE_PARAMETERS
from apispy.learn import NameRegistry
from apispy.model import Headers, Item
from apispy.outputs import DecodedCall
from apispy.pipeline import read
from apispy.structs import replace
from tests.timezone import local_timezone
from tests.unit.outputs.decoded_calls import WEB, decoded_call, exchange, tunnel

EXEC = "e3f0a1b2c3d4" + "5" * 52


@pytest.fixture(autouse=True)
def _berlin() -> Iterator[None]:
    with local_timezone("Europe/Berlin"):
        yield


LIST = decoded_call("GET /v1.41/containers/json?all=1", 200, [])  # 23:13:20 in Berlin, 45 ms, pid 1
FAILED = decoded_call("POST /v1.9/containers/x/start", 404, {"message": "No such container: x"}, duration=1.5)
ODD = decoded_call("BREW /pot[1]", None, None)
ATTACH = decoded_call("POST /containers/x/attach", 101, tunnel=tunnel(b"x" * 500, b"x" * 2_000_000))


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("op:ContainerList", [LIST]),
        ("operation:container*", [LIST, FAILED, ATTACH]),
        ("op:ContainerLis", []),
        ("op:?", [ODD]),
        ("tag:Container", [LIST, FAILED, ATTACH]),
        ("method:post", [FAILED, ATTACH]),
        ("path:/containers/*", [LIST, FAILED, ATTACH]),
        ("path:*[1]", [ODD]),
        ("version<1.41", [FAILED]),
        ("version>=1.10", [LIST]),
        ("version:v1.9", [FAILED]),
        ('client:"pid 1"', [LIST, FAILED, ODD, ATTACH]),
        ("container:x", [FAILED, ATTACH]),
        ("time>=23:13", [LIST, FAILED, ODD, ATTACH]),
        ("time<23:13:20", []),
        ("time<=23:13:20", [LIST, FAILED, ODD, ATTACH]),
        ("time<2023-11-14T23:13:21", [LIST, FAILED, ODD, ATTACH]),
        ("time<2023-11-14T23:13:21Z", [LIST, FAILED, ODD, ATTACH]),
        ("time>2023-11-14T22:13:19Z time<2023-11-15", [LIST, FAILED, ODD, ATTACH]),
        ("status:404", [FAILED]),
        ("status < 200", [ATTACH]),
        ("not status<400", [FAILED, ODD]),  # what has no answer has no status to compare
        ("slow>1s", [FAILED]),
        ("duration<=45ms", [LIST, ODD, ATTACH]),
        ("duration>0.02m", [FAILED]),
        ("size>1.5MB", [ATTACH]),
        ("received>=2mb", [ATTACH]),
        ("size>=2MiB", []),
        ("sent>=500", [ATTACH]),
        ("error", [FAILED]),
        ('error:"no such"', [FAILED]),
        ("error:c*er", [FAILED]),
        ("note", [FAILED]),
        ("note:nonsense", []),
        ("containers", [LIST, FAILED, ATTACH]),
        ("attach or pot", [ODD, ATTACH]),
        ("containers method:POST not attach", [FAILED]),
        ("not (attach or error) and containers", [LIST]),
        ("attach or error list", [ATTACH]),
        ('"error"', []),
    ],
)
def test_what_is_chosen(text: str, chosen: list[DecodedCall]) -> None:
    noted = replace(FAILED, notes=("Docker ignores this.",))
    calls = {"list": LIST, "failed": noted, "odd": ODD, "attach": ATTACH}
    names = {id(LIST): "list", id(FAILED): "failed", id(ODD): "odd", id(ATTACH): "attach"}
    wanted = Filter.parse(text)
    assert [name for name, call in calls.items() if wanted.matches(call)] == [
        names[id(one)] for one in chosen
    ]


def session(*calls: tuple[str, Any, Any]) -> list[DecodedCall]:
    memory = NameRegistry()
    return [read(exchange(line, 200, answer, ask=ask), memory) for line, ask, answer in calls]


CALLS = session(
    ("POST /containers/create?name=web", {"Image": "busybox:1.36"}, {"Id": WEB}),
    ("POST /containers/create?name=db", {"Image": "reg:5000/db"}, {"Id": "d" * 64}),
    (f"POST /containers/{WEB}/start", None, None),
    ("POST /containers/web/exec", {"Cmd": ["cat"]}, {"Id": EXEC}),
    (f"POST /exec/{EXEC}/start", {"Detach": True}, None),
    ("POST /commit?container=web&repo=app", {}, {}),
    ("GET /containers/json", None, []),
    ("POST /images/create?fromImage=busybox&tag=latest", None, None),
    ("GET /images/reg:5000/db:2/json", None, None),
    ("POST /build?t=app:1&t=busybox:2", None, None),
)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("container:web", [0, 2, 3, 4, 5]),
        ("container:c12250feba24", [0, 2, 3, 4, 5]),
        ("container:c1225*", [0, 2, 3, 4, 5]),
        (f"container:{WEB}", [2]),
        ("container:*", [0, 1, 2, 3, 4, 5]),
        ("image:busybox", [0, 7, 9]),
        ("image:busybox:1*", [0]),
        ("image:busybox:latest", [7]),
        ("image:reg:5000/db", [1, 8]),
        ("image:app", [5, 9]),
    ],
)
def test_containers_and_images_go_by_all_their_names(text: str, places: list[int]) -> None:
    wanted = Filter.parse(text)
    assert [place for place, call in enumerate(CALLS) if wanted.matches(call)] == places


@pytest.mark.parametrize(
    ("text", "needs", "answer"),
    [
        ("op:x container:y time>1:00", Part.HEAD, False),
        ("not image:x", Part.BODY, False),
        ("op:x or status:4", Part.HEAD | Part.RESPONSE, True),
        ("not (op:x image:x) error", Part.HEAD | Part.BODY | Part.END, True),
    ],
)
def test_what_it_needs(text: str, needs: Part, answer: bool) -> None:
    assert Filter.parse(text).needs == needs
    assert Filter.parse(text).needs_response is answer


@pytest.mark.parametrize(
    ("text", "early"),
    [
        ("op:ContainerList", True),
        ("status:200", None),
        ("op:ContainerList status:200", None),
        ("op:ContainerStart status:200", False),
        ("op:ContainerList or slow>1s", True),
        ("op:ContainerStart or slow>1s", None),
        ("not slow>1s", None),
        ("not (op:ContainerStart and error)", True),
    ],
)
def test_it_is_decided_as_soon_as_it_can_be(text: str, early: bool | None) -> None:
    asked = replace(LIST, exchange=replace(LIST.exchange, response=None, end="open"))
    assert Filter.parse(text).early(asked) is early


CHUNKED = Headers(((b"Transfer-Encoding", b"chunked"),))


def test_an_image_is_known_with_the_body() -> None:
    """It is not read at once, for it may hold secrets; the answer may come before."""
    create = CALLS[0]
    request = replace(create.exchange.request, headers=CHUNKED)
    answered = replace(create, exchange=replace(create.exchange, request=request, end="open"))
    wanted = Filter.parse("image:busybox")
    assert wanted.early(replace(answered, items={})) is None
    assert wanted.early(answered) is True


def test_the_operations_that_name_things_in_parameters_exist() -> None:
    known = {operation.id for operation in OPERATIONS}
    assert {*CONTAINER_PARAMETERS, *IMAGE_PARAMETERS} <= known


def test_methods_and_steps_of_a_build() -> None:
    status = {"vertexes": [{"digest": "a", "name": "[2/3] RUN make all"}]}
    value = {"stream": 1, "method": "/moby.buildkit.v1.Control/Status", "part": "response", "message": status}
    frame = Item("h2c", "DATA", {"stream": 1}, (0, 1), (Item("message", "", value, (0, 1)),))
    counts = Item("grpc", "calls", {"calls": {"/moby.buildkit.v1.Control/Solve": 1}, "statuses": {}}, (1, 1))
    build = replace(decoded_call("POST /grpc", 101), items={"to_server": (counts,), "to_client": (frame,)})
    for text in (
        "grpc:solve",
        "grpc:Control/Solve",
        "grpc:*v1.Control*",
        'buildstep:"run make*"',
        "buildstep:[2/3]*",
    ):
        assert Filter.parse(text).matches(build), text
    for text in ("grpc:Status", "buildstep:make"):
        assert not Filter.parse(text).matches(build), text
    assert not Filter.parse("grpc:* or buildstep:*").matches(LIST)
