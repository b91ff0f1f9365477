"""What rules let pass is what a plain model of a daemon and of the rules lets pass; nothing else is forwarded.

The model reads a request as Go does (fields regardless of case, the last of equal names wins, paths are cleaned), and
asks the rule in a few lines of its own. Whatever passes the gate must be allowed by the model.
"""

import json
import posixpath
from typing import Any
from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from apispy.filters.policy import READS, parse_rule
from apispy.gate import Gate, HoldingForwarder, PolicyCheck
from tests.laws.test_gate import CUTS, Following, described

# -- the model --


def go_value(pairs: Any, name: str) -> Any:
    """The value of a field, of a list of pairs as ``json.loads`` gives with object_pairs_hook=list."""
    found = None
    for key, value in pairs if isinstance(pairs, list) else ():
        if isinstance(key, str) and key.casefold() == name.casefold():
            found = value
    return found


def model_refuses(method: bytes, target: bytes, body: bytes) -> bool:
    """Whether a daemon would create a privileged container, or one with a mount of or above /etc, or run an exec."""
    path = posixpath.normpath(unquote(target.partition(b"?")[0].decode("latin-1")))
    path = "/" + path.lstrip("/")
    if path.startswith("/v1."):
        path = "/" + path.split("/", 2)[2]
    if method == b"POST" and path.startswith("/containers/") and path.endswith("/exec"):
        return True
    if (method, path) != (b"POST", "/containers/create"):
        return False
    try:
        pairs = json.JSONDecoder(object_pairs_hook=list).raw_decode(body.decode("utf-8", "replace").lstrip())[
            0
        ]
    except (ValueError, RecursionError):
        return False  # the daemon refuses it
    host = go_value(pairs, "HostConfig")
    if go_value(host, "Privileged") is True:
        return True
    binds = go_value(host, "Binds")
    sources = (
        [posixpath.normpath(one.partition(":")[0]) for one in binds if isinstance(one, str)]
        if isinstance(binds, list)
        else []
    )
    return any(
        one == "/" or one.lstrip("/") == "etc" or one.lstrip("/").startswith("etc/") for one in sources
    )


# -- requests --

NAMES = st.sampled_from(["HostConfig", "hostconfig", "Ho\u017ftConfig", "HOSTCONFIG", "Image"])
INNER = st.sampled_from(["Privileged", "privileged", "PRIVILEGED", "Binds", "binds", "CapAdd"])
VALUES = st.one_of(
    st.booleans(),
    st.lists(
        st.sampled_from(["/etc:/e", "/srv:/s", "/srv/../etc/x:/e", "data:/d", "/:/h", "//etc:/e"]), max_size=3
    ),
)


@st.composite
def objects(draw: st.DrawFn, names: st.SearchStrategy[str], values: st.SearchStrategy[str]) -> str:
    pairs = draw(st.lists(st.tuples(names, values), max_size=3))
    return "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in pairs) + "}"


BODIES = st.one_of(
    objects(NAMES, objects(INNER, VALUES.map(json.dumps))).map(str.encode),
    st.binary(max_size=20),
    st.tuples(objects(NAMES, objects(INNER, VALUES.map(json.dumps))), st.text(max_size=5)).map(
        lambda both: "".join(both).encode()
    ),
)
TARGETS = st.sampled_from([
    b"/containers/create", b"/v1.41/containers/create", b"//containers/create", b"/containers/./create",
    b"/v1.41/x/../containers/create", b"/containers%2fcreate", b"/c%6fntainers/create", b"/containers/create?name=a",
    b"/containers/create/", b"/containers/web/exec", b"/containers/web/ex%65c", b"/containers/web/start",
    b"/containers/json", b"/_ping", b"/v1.99/containers/create", b"/v1/containers/create",
])  # fmt: skip


@st.composite
def sent(draw: st.DrawFn) -> tuple[bytes, bytes, bytes, bytes]:
    """A request: its bytes, method, target and body."""
    method, target, body = draw(st.sampled_from([b"GET", b"POST", b"post"])), draw(TARGETS), draw(BODIES)
    head = b"%b %b HTTP/1.1\r\nHost: docker\r\n" % (method, target)
    match draw(st.integers(0, 2)):
        case 0:
            return head + b"Content-Length: %d\r\n\r\n%b" % (len(body), body), method, target, body
        case 1:
            # bytes after a body of length 0 are the next request, for the daemon too
            return head + b"Content-Length: 0\r\n\r\n", method, target, b""
    chunks = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
    return head + b"Transfer-Encoding: chunked\r\n\r\n%b0\r\n\r\n" % chunks, method, target, body


RULES = [parse_rule("deny", text) for text in ("privileged", "bind:/etc*", "op:ContainerExec")]


def forwarded(check: PolicyCheck, data: bytes, cuts: list[int]) -> bytes:
    """What reaches the daemon of a client's bytes that come in pieces."""
    return forwarded_by(Gate(policy=check), data, cuts)


def forwarded_by(gate: Gate, data: bytes, cuts: list[int]) -> bytes:
    """The same through a gate that may have seen other requests."""
    forwarder = HoldingForwarder(gate, Following(), described)
    passed, at = [], 0
    for cut in (*cuts, len(data)):
        forwarder.feed(data[at : at + cut])
        at += cut
        while (output := forwarder.next()) is not None:
            if not output[1].passes:
                return b"".join(passed)
            passed.append(output[0])
    return b"".join(passed)


@given(st.lists(sent(), min_size=1, max_size=3), CUTS)
def test_what_the_model_refuses_never_passes(
    requests: list[tuple[bytes, bytes, bytes, bytes]], cuts: list[int]
) -> None:
    through = forwarded(PolicyCheck(RULES), b"".join(one[0] for one in requests), cuts)
    at = 0
    for raw, method, target, body in requests:
        if at + len(raw) > len(through):
            break
        assert through[at : at + len(raw)] == raw
        assert not model_refuses(method, target, body), raw
        at += len(raw)
    assert at == len(through), "a part of a request passed"


PLAIN = [
    ("GET", "/containers/json", b"", True),
    ("POST", "/containers/web/wait", b"", True),
    ("POST", "/containers/web/start", b"", False),
    ("POST", "/containers/create", b"{}", False),
    ("GET", "/nosuch", b"", False),
]


def written(request: tuple[str, str, bytes, bool]) -> tuple[bytes, bytes, bytes, bytes]:
    """One of ``PLAIN`` as ``sent`` gives requests."""
    method, target, body, _ = request
    head = f"{method} {target} HTTP/1.1\r\nHost: docker\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    return head + body, method.encode(), target.encode(), body


@given(st.lists(st.sampled_from(PLAIN), min_size=1, max_size=4), CUTS)
def test_read_only_passes_what_reads_up_to_the_first_that_does_not(
    requests: list[tuple[str, str, bytes, bool]], cuts: list[int]
) -> None:
    raw = [written(one)[0] for one in requests]
    wanted = 0
    while wanted < len(requests) and requests[wanted][3]:
        wanted += 1
    assert forwarded(PolicyCheck([READS]), b"".join(raw), cuts) == b"".join(raw[:wanted])


@given(sent(), CUTS)
def test_an_audit_forwards_every_byte(request: tuple[bytes, bytes, bytes, bytes], cuts: list[int]) -> None:
    assert forwarded(PolicyCheck(RULES, audit=True), request[0], cuts) == request[0]


@given(
    st.lists(st.one_of(sent(), st.sampled_from(PLAIN).map(written)), min_size=1, max_size=4),
    CUTS,
    st.booleans(),
)
def test_a_decision_that_is_remembered_is_the_one_that_would_be_made(
    requests: list[tuple[bytes, bytes, bytes, bytes]], cuts: list[int], reads: bool
) -> None:
    """A gate that has decided about each request before, alone, forwards the same bytes as a new one."""
    rules = [READS] if reads else RULES
    gate = Gate(policy=PolicyCheck(rules))
    for raw, *_ in requests:
        forwarded_by(gate, raw, [])
    data = b"".join(one[0] for one in requests)
    assert forwarded_by(gate, data, cuts) == forwarded(PolicyCheck(rules), data, cuts)
