"""A build in lines: its options, its steps with their output, its files, and where the time went."""

from typing import Any

import pytest

from apispy.decoders.build import Build, build_of
from apispy.model import REDACTED, Item
from apispy.outputs.build_lines import MAX_TABLE, BuildLines, summary_lines

SOLVE, STATUS = "/moby.buildkit.v1.Control/Solve", "/moby.buildkit.v1.Control/Status"
BRIDGE = "/moby.buildkit.v1.frontend.LLBBridge"
FILE_SYNC = "/moby.filesync.v1.FileSync/DiffCopy"
MAKE = {"digest": "a", "name": "[2/2] RUN make", "started": 10.0}
DONE = MAKE | {"completed": 11.5}


def head(method: str, stream: int = 1, **fields: str) -> Item:
    value = {"stream": stream, "method": method, "headers": [list(pair) for pair in fields.items()]}
    return Item("h2c", "HEADERS", value, (0, 1))


def message(method: str, part: str, value: dict[str, Any], stream: int = 1) -> Item:
    child = {"stream": stream, "method": method, "part": part, "message": value}
    return Item("h2c", "DATA", {"stream": stream, "size": 1}, (0, 1), (Item("message", "x", child, (0, 1)),))


def end(stream: int = 1, status: int = 0, **more: Any) -> Item:
    value = {"stream": stream, "grpc_status": status, "total": {"messages": 1, "size": 1}} | more
    return Item("h2c", "HEADERS", value, (0, 1))


def status(**value: Any) -> Item:
    return message(STATUS, "response", value)


def lines(*items: Item) -> list[tuple[str, str]]:
    view = BuildLines()
    return [line for item in items for line in view.lines(item)]


def one(method: str, part: str, value: dict[str, Any]) -> list[str]:
    return [text for _, text in lines(head(method), message(method, part, value))]


# --- steps


def test_a_step_has_a_line_when_it_begins_and_one_when_it_ends_with_its_output_between() -> None:
    log = {"vertex": "a", "stream": 1}
    assert lines(
        status(vertexes=[MAKE]),
        status(logs=[log | {"msg": "one\ntw"}]),
        status(logs=[log | {"msg": "o\nthree"}, log | {"stream": 2, "msg": "\x1b[2Jodd\n"}]),
        status(vertexes=[DONE]),
    ) == [
        ("step", "[2/2] RUN make ..."),
        ("stdout", "one"),
        ("stdout", "two"),
        ("stderr", "\\e[2Jodd"),
        ("stdout", "three"),
        ("step", "[2/2] RUN make -> 1.50 s"),
    ]


def test_a_step_that_begins_and_ends_in_one_message_has_one_line() -> None:
    assert lines(status(vertexes=[MAKE, DONE])) == [("step", "[2/2] RUN make -> 1.50 s")]
    assert lines(status(vertexes=[DONE | {"cached": True}])) == [("step", "[2/2] RUN make -> cached")]
    assert lines(status(vertexes=[DONE]), status(vertexes=[DONE])) == [("step", "[2/2] RUN make -> 1.50 s")]


def test_a_step_that_was_looked_for_and_then_found_in_the_cache_has_one_line() -> None:
    looked_for = MAKE | {"completed": 10.001}
    again = MAKE | {"started": 11.0, "completed": 11.0001, "cached": True}
    found = lines(head(STATUS), status(vertexes=[looked_for]), status(vertexes=[again]), end())
    assert [text for label, text in found if label == "step"] == ["[2/2] RUN make -> cached"]


def test_a_step_that_was_only_looked_for_has_no_line_until_it_ran() -> None:
    found = lines(
        head(STATUS),
        status(vertexes=[MAKE]),
        status(vertexes=[MAKE | {"completed": 10.001}]),
        status(vertexes=[MAKE | {"started": 11.0}]),
        status(vertexes=[MAKE | {"started": 11.0, "completed": 12.0}]),
        status(vertexes=[MAKE | {"digest": "b", "name": "brief", "completed": 10.001}]),
        end(),
    )
    assert [text for label, text in found if label == "step"] == [
        "[2/2] RUN make ...",
        "[2/2] RUN make -> 1.00 s",
        "brief -> 1.0 ms",
    ]


def test_a_tunnel_that_ends_before_its_build_has_the_table_too() -> None:
    view = BuildLines()
    assert list(view.lines(status(vertexes=[DONE], logs=[{"vertex": "b", "msg": "half"}])))
    assert [text for _, text in view.close()] == [
        "(a step without a name) ...",
        "half",
        "1 step; the longest:",
        "   1.50 s  [2/2] RUN make",
    ]
    assert list(view.close()) == []


def test_two_builds_in_one_tunnel_have_a_table_each() -> None:
    other = message(STATUS, "response", {"vertexes": [DONE | {"digest": "b", "name": "other"}]}, 3)
    found = lines(head(STATUS), head(STATUS, 3), status(vertexes=[DONE]), other, end(3), end())
    assert [text for label, text in found if label == "build"] == [
        *("1 step; the longest:", "   1.50 s  other"),
        *("1 step; the longest:", "   1.50 s  [2/2] RUN make"),
    ]


def test_the_worker_is_named_once() -> None:
    method = "/moby.buildkit.v1.Control/Info"
    info = message(method, "response", {"buildkitVersion": {"version": "v1"}})
    assert lines(head(method), info, info) == [("build", "worker: BuildKit v1")]


def test_messages_in_one_frame_are_in_order() -> None:
    first, second = (
        status(vertexes=[MAKE], logs=[{"vertex": "a", "msg": "x\n"}]),
        status(vertexes=[DONE]),
    )
    both = Item("h2c", "DATA", first.value, (0, 1), first.children + second.children)
    assert [text for _, text in lines(both)] == ["[2/2] RUN make ...", "x", "[2/2] RUN make -> 1.50 s"]


def test_output_of_another_step_is_preceded_by_its_name() -> None:
    other = {"digest": "b", "name": "[1/2] RUN test", "started": 10.0}
    found = lines(
        status(vertexes=[MAKE, other]),
        status(
            logs=[{"vertex": "a", "msg": "x\n"}, {"vertex": "a", "msg": "y\n"}, {"vertex": "b", "msg": "z\n"}]
        ),
    )
    assert [text for _, text in found][2:] == ["[2/2] RUN make ...", "x", "y", "[1/2] RUN test ...", "z"]


def test_a_step_that_fails() -> None:
    failed = DONE | {"error": "exit code: 3"}
    assert lines(status(vertexes=[failed])) == [
        ("step", "[2/2] RUN make -> failed after 1.50 s: exit code: 3")
    ]
    gone = DONE | {"error": "context canceled"}
    assert "cancelled after 1.50 s" in lines(status(vertexes=[gone]))[0][1]


def test_names_are_short_and_escaped() -> None:
    [(_, text)] = lines(status(vertexes=[{"digest": "a", "name": "\x1b" + "x" * 500, "started": 1.0}]))
    assert text.startswith("\\exxx")
    assert len(text) < 150


def test_a_line_without_an_end_is_not_held_for_ever() -> None:
    found = lines(*[status(logs=[{"vertex": "a", "msg": "x" * 1000}]) for _ in range(5)])
    assert [len(text) for label, text in found if label == "stdout"] == [5000]
    many = lines(status(logs=[{"vertex": str(number), "msg": "x"} for number in range(101)]))
    assert len([label for label, _ in many if label == "stdout"]) == 1


def test_a_warning_has_its_line() -> None:
    value = {"short": "old syntax", "info": {"filename": "Dockerfile"}, "ranges": [{"start": {"line": 3}}]}
    assert lines(status(warnings=[value])) == [("warning", "old syntax (Dockerfile:3)")]
    assert one(f"{BRIDGE}/Warn", "request", value) == ["warning: old syntax (Dockerfile:3)"]


def test_the_table_at_the_end() -> None:
    vertexes = [
        {"digest": "c", "name": "cached", "cached": True, "started": 5.0, "completed": 5.0},
        {"digest": "f", "name": "fails", "error": "no", "started": 5.0, "completed": 5.25},
        {"digest": "b", "name": "twice", "started": 5.0, "completed": 6.0},
        {"digest": "b", "name": "twice", "started": 8.0, "completed": 9.0},
        {"digest": "n", "name": "never begun"},
    ]
    found = lines(head(STATUS), status(vertexes=vertexes), end())
    assert [text for label, text in found if label == "build"] == [
        "4 steps, 1 cached; the longest:",
        "   2.00 s  twice",
        "   250 ms  fails (failed)",
    ]
    assert [text for label, text in found if label == "step"][-1] == "twice -> 2.00 s"
    many = [MAKE | {"digest": str(number), "completed": 12.0} for number in range(30)]
    assert len(lines(head(STATUS), status(vertexes=many), end())) == 30 + 1 + MAX_TABLE
    assert lines(head(STATUS), end()) == []


# --- everything else


def test_what_is_asked_for() -> None:
    attributes = {
        "target": "final",
        "platform": "linux/arm64",
        "build-arg:A": "<redacted:00000000>",
        "build-arg:B": "",
        "label:x": "y",
        "no-cache": "",
        "filename": "Dockerfile",
        "frontend.caps": "noise",
        "unheard": REDACTED,
    }
    value = {
        "Frontend": "dockerfile.v0",
        "FrontendAttrs": attributes,
        "Cache": {
            "Imports": [{"Type": "registry", "Attrs": {"ref": "r/c"}}],
            "Exports": [{"Type": "inline"}],
        },
        "Exporters": [{"Type": "image", "Attrs": {"name": "app", "push": "true"}}],
        "Entitlements": ["network.host"],
    }
    assert one(SOLVE, "request", value) == [
        "dockerfile.v0: target final; platform linux/arm64; no-cache; build arguments A, B; labels x; "
        "cache from type=registry,ref=r/c; cache to type=inline; output type=image,name=app,push=true; "
        "entitlements network.host"
    ]
    assert one(SOLVE, "request", {"Ref": "x"}) == []
    assert one(f"{BRIDGE}/Solve", "request", {"Frontend": "dockerfile.v0"}) == ["dockerfile.v0: no options"]
    old = {"Exporter": "moby", "ExporterAttrs": {"name": "app"}}
    assert one(SOLVE, "request", old) == ["build: output type=moby,name=app"]


@pytest.mark.parametrize(
    ("method", "part", "value", "text"),
    [
        (
            SOLVE,
            "response",
            {"ExporterResponse": {"containerimage.digest": "sha256:a", "image.name": "app", "x": REDACTED}},
            "result: sha256:a, app",
        ),
        ("/moby.buildkit.secrets.v1.Secrets/GetSecret", "request", {"ID": "npmrc"}, "asks for the secret npmrc"),
        ("/moby.sshforward.v1.SSH/CheckAgent", "request", {"ID": "default"}, "asks for the ssh agent default"),
        ("/moby.filesync.v1.Auth/Credentials", "request", {"Host": "r.x"}, "asks for credentials of r.x"),
        (
            "/moby.filesync.v1.Auth/FetchToken",
            "request",
            {"Host": "r.x", "Scopes": ["repository:a:pull"]},
            "asks for a token of r.x for repository:a:pull",
        ),
        (f"{BRIDGE}/ReadFile", "request", {"FilePath": "/f"}, "reads the file /f"),
        (f"{BRIDGE}/Return", "request", {"error": {"message": "no"}}, "the frontend failed: no"),
        (
            "/moby.buildkit.v1.Control/DiskUsage",
            "response",
            {"record": [{"Size": 1000}, {"Size": 500}]},
            "2 cache records, 1.5 kB",
        ),
        (
            "/moby.buildkit.v1.Control/Prune",
            "response",
            {"ID": "x", "RecordType": "regular", "Size": 5},
            "removed regular x, 5 B",
        ),
        (
            "/moby.buildkit.v1.Control/ListWorkers",
            "response",
            {
                "record": [
                    {
                        "platforms": [{"OS": "linux", "Architecture": "arm", "Variant": "v7"}],
                        "BuildkitVersion": {"version": "v0.25.1"},
                    }
                ]
            },
            "worker: BuildKit v0.25.1; platforms linux/arm/v7",
        ),
        (
            "/moby.buildkit.v1.Control/ListenBuildHistory",
            "response",
            {"type": 1, "record": {"Ref": "r", "numTotalSteps": 3, "numCompletedSteps": 2, "numCachedSteps": 1}},
            "build r complete: 2 of 3 steps, 1 cached",
        ),
        (
            "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            "request",
            {"resource_spans": [{"scope_spans": [{"spans": [{"name": "build", "start": 1.0, "end": 3.0}]}]}]},
            "1 span of the client, the longest: build 2.00 s",
        ),
    ],
)  # fmt: skip
def test_a_line_for_each_kind_of_message(method: str, part: str, value: dict[str, Any], text: str) -> None:
    assert one(method, part, value) == [text]


def test_a_base_image_is_named_with_its_digest() -> None:
    method = f"{BRIDGE}/ResolveImageConfig"
    asked = message(method, "request", {"Ref": "busybox"})
    found = lines(head(method), asked, message(method, "response", {"Digest": "sha256:a"}))
    assert found == [("build", "base image busybox is sha256:a")]


FILES = [
    head(FILE_SYNC, **{"dir-name": "context"}),
    message(FILE_SYNC, "response", {"stat": {"path": "Dockerfile", "size": 56}}),
    message(FILE_SYNC, "response", {"stat": {"path": "f", "size": 6}}),
    message(FILE_SYNC, "request", {"type": 1, "ID": 1}),
    message(FILE_SYNC, "response", {"type": 2, "ID": 1, "data": 6}),
]


def test_files_are_named_with_their_sizes() -> None:
    assert lines(*FILES, end()) == [("build", "sent 1 file of 2 paths in context, 6 B: f 6 B")]
    assert lines(FILES[0], end()) == []


# --- as JSON


def test_the_summary_has_everything_in_any_order() -> None:
    asked = {"Frontend": "dockerfile.v0", "FrontendAttrs": {"build-arg:A": "x", "target": "t"}}
    items = [
        head(SOLVE, 3),
        message(SOLVE, "request", asked, 3),
        end(3, 2, error_message="exit code: 3", source={"file": "Dockerfile", "line": 3}),
        status(vertexes=[DONE | {"error": "exit code: 3"}]),
        FILES[3],
        FILES[4],
        *FILES[:3],
    ]  # fmt: skip
    assert build_of(items).summary() == {
        "requests": [
            {"frontend": "dockerfile.v0", "options": {"target": "t"}, "build_arguments": ["A"]},
        ],
        "steps": [{"name": "[2/2] RUN make", "cached": False, "seconds": 1.5, "error": "exit code: 3"}],
        "files": [{"directory": "context", "path": "f", "size": 6}],
        "error": {"message": "exit code: 3", "file": "Dockerfile", "line": 3},
    }
    later, earlier = DONE | {"name": "later", "started": 11.0}, DONE | {"digest": "b", "name": "earlier"}
    ordered = build_of([status(vertexes=[{"digest": "n", "name": "never"}, later, earlier])])
    assert [step.name for step in ordered.ordered_steps()] == ["earlier", "later", "never"]
    assert not Build()
    assert not build_of([head("/a.B/C"), end()])


def test_the_summary_in_lines() -> None:
    secret = "/moby.buildkit.secrets.v1.Secrets/GetSecret"
    items = [
        head(SOLVE, 3),
        message(SOLVE, "request", {"Exporters": [{"Type": "moby"}]}, 3),
        message(SOLVE, "response", {"ExporterResponse": {"containerimage.digest": "sha256:a"}}, 3),
        message(secret, "request", {"ID": "\x1bnpmrc"}, 5),
        message(f"{BRIDGE}/ResolveImageConfig", "request", {"Ref": "busybox"}, 7),
        message(f"{BRIDGE}/ResolveImageConfig", "response", {"Digest": "sha256:b"}, 7),
        status(vertexes=[DONE], warnings=[{"short": "old"}]),
        *FILES,
    ]
    assert list(summary_lines(build_of(items))) == [
        "build: output type=moby",
        "[2/2] RUN make -> 1.50 s",
        "sent 1 file of 2 paths in context, 6 B: f 6 B",
        "base image busybox is sha256:b",
        "secrets: \\enpmrc",
        "warning: old",
        "result: sha256:a",
    ]


# --- questions about a Dockerfile


def answered(answer: dict[str, Any]) -> tuple[list[tuple[str, str]], dict[str, Any]]:
    value = {"result": {"metadata": {"result.json": answer}}}
    items = [head(f"{BRIDGE}/Solve"), message(f"{BRIDGE}/Solve", "response", value)]
    return lines(*items), build_of(items).summary()


def test_what_a_check_found() -> None:
    at = {"ranges": [{"start": {"line": 3}, "end": {"line": 4}}]}
    sources = [{"filename": "Dockerfile"}]
    warning = {"ruleName": "Rule", "detail": "odd\x1b", "location": at}
    found, summary = answered({"warnings": [warning], "sources": sources})
    assert found == [("build", "check: 1 warning"), ("warning", "Rule: odd\\e (Dockerfile:3)")]
    assert summary == {"warnings": [{"text": "Rule: odd\x1b", "file": "Dockerfile", "line": 3}]}
    assert answered({"sources": sources}) == ([("build", "check: no warnings")], {})
    found, summary = answered({"sources": sources, "buildError": {"message": "no FROM", "location": at}})
    assert found == [("build", "check: no FROM (Dockerfile:3)")]
    assert summary == {"error": {"message": "no FROM", "file": "Dockerfile", "line": 3}}


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (
            {"name": "two", "args": [{"name": "A"}, {"name": "B"}], "secrets": [{"name": "s"}], "ssh": [{}]},
            "outline: target two; build arguments A, B; secrets s; ssh agents ",
        ),
        ({"args": []}, "outline: nothing to choose"),
        ({"targets": [{"name": "one"}, {"default": True}]}, "targets: one, unnamed (default)"),
        ({"requests": [{"name": "frontend.outline"}, {"name": "x"}]}, "can be asked for: outline, x"),
    ],
)
def test_other_answers(answer: dict[str, Any], text: str) -> None:
    assert answered(answer) == ([("build", text)], {})
