"""What the registry learns about IDs over the calls of a session."""

import pytest

from apispy.engine import OPERATIONS, lookup
from apispy.learn import NameRegistry
from apispy.learn.name_registry import MAX_IDS
from apispy.learn.name_rules import NAMES, TERMINALS

WEB, DB, NET = "a1" * 32, "b2" * 32, "c3" * 32
IMAGE = "d4" * 32
EXEC = "e5" * 32


def learned(*calls: tuple[str, object, object]) -> NameRegistry:
    memory = NameRegistry()
    for line, request, answer in calls:
        memory.learn(lookup(*line.split(" ", 1)), [] if request is None else [request], [answer])
    return memory


CREATED = ("POST /v1.41/containers/create?name=web", {"Image": "busybox"}, {"Id": WEB})


@pytest.mark.parametrize(
    ("call", "text", "label"),
    [
        (CREATED, f"/v1.41/containers/{WEB}/start", "/v1.41/containers/web (a1a1a1a1a1a1)/start"),
        (
            ("GET /containers/json", None, [{"Id": WEB, "Names": ["/web"]}, {"Id": DB, "Names": ["/db"]}]),
            DB[:12],
            "db (b2b2b2b2b2b2)",
        ),
        (
            ("GET /containers/web/json", None, {"Id": WEB, "Name": "/web", "Image": f"sha256:{IMAGE}",
                                                "Config": {"Image": "busybox:test"}}),
            f"sha256:{IMAGE}",
            "busybox:test (d4d4d4d4d4d4)",
        ),
        (
            ("GET /events", None, {"Actor": {"ID": WEB, "Attributes": {"name": "web"}}}),
            WEB,
            "web (a1a1a1a1a1a1)",
        ),
        (("POST /networks/create", {"Name": "front"}, {"Id": NET}), NET, "front (c3c3c3c3c3c3)"),
        (
            ("GET /images/json", None, [{"Id": f"sha256:{IMAGE}", "RepoTags": ["busybox:test", "b:2"]}]),
            IMAGE,
            "busybox:test (d4d4d4d4d4d4)",
        ),
        (
            ("GET /images/json", None, [{"Id": f"sha256:{IMAGE}", "RepoTags": ["<none>:<none>"]}]),
            f"Successfully built {IMAGE[:12]}",
            "Successfully built d4d4d4d4d4d4",
        ),
        (("GET /info", None, {}), f"a {WEB} b", "a a1a1a1a1a1a1 b"),
    ],
)  # fmt: skip
def test_ids_are_called_by_the_names_that_were_said(call, text, label):
    assert learned(call).labelled(text) == label


def test_a_container_that_is_renamed_goes_by_its_new_name():
    memory = learned(CREATED, ("POST /containers/web/rename?name=shop", None, None))
    assert memory.name_of(WEB) == "shop"


def test_a_program_in_a_container_goes_by_both():
    exec_ = ("POST /containers/web/exec", {"Cmd": ["/bin/cat", "x"]}, {"Id": EXEC})
    assert learned(CREATED, exec_).labelled(f"/exec/{EXEC}/start") == "/exec/web:cat (e5e5e5e5e5e5)/start"


@pytest.mark.parametrize(
    ("calls", "line", "has"),
    [
        ([], "POST /containers/web/attach", None),
        ([CREATED], "POST /containers/web/attach", False),
        ([CREATED], f"POST /containers/{WEB}/attach", False),
        ([CREATED], f"POST /containers/{WEB[:12]}/attach", False),
        ([("POST /containers/create", {"Tty": True}, {"Id": WEB})], f"GET /containers/{WEB}/logs", True),
        ([("GET /containers/web/json", None, {"Id": WEB, "Name": "/web", "Config": {"Tty": True}})],
         "GET /containers/web/logs", True),
        ([("POST /containers/web/exec", {"Tty": True}, {"Id": EXEC})], f"POST /exec/{EXEC}/start", True),
    ],
)  # fmt: skip
def test_who_has_a_terminal_was_said_before(calls, line, has):
    assert learned(*calls).terminal(lookup(*line.split(" ", 1)), None) is has


def test_an_exec_says_so_itself_when_it_starts():
    call = lookup("POST", f"/exec/{EXEC}/start")
    assert NameRegistry().terminal(call, {"Tty": True}) is True
    assert NameRegistry().terminal(call, {"Detach": False}) is False


@pytest.mark.parametrize("answer", [None, [], {}, "text", 7, [None, 7], {"Id": 7}, {"Id": WEB, "Names": 3}])
def test_answers_of_any_shape_are_taken(answer):
    for operation in (*NAMES, *TERMINALS):
        row = next(row for row in OPERATIONS if row.id == operation)
        path = row.path.replace("{id}", "x").replace("{name}", "x")
        learned((f"{row.method} {path}", {"Name": 1, "Tty": "yes"}, answer))


def test_what_is_remembered_is_bounded():
    memory = NameRegistry()
    call = lookup("GET", "/containers/json")
    for start in range(0, MAX_IDS + 500, 500):
        memory.learn(
            call, [], [[{"Id": f"{n:064x}"[::-1], "Names": [f"n{n}"]} for n in range(start, start + 500)]]
        )
    assert len(memory._names) == MAX_IDS
    assert len(memory._ids) == MAX_IDS


def test_every_rule_is_about_an_operation_of_the_table():
    ids = {row.id for row in OPERATIONS}
    assert set(NAMES) | set(TERMINALS) <= ids


def test_all_that_a_container_goes_by() -> None:
    memory = learned(CREATED, ("POST /containers/web/exec", {"Cmd": ["cat"]}, {"Id": EXEC}))
    assert memory.aliases("web") == ("web", WEB[:12])
    assert memory.aliases(WEB) == (WEB, WEB[:12], "web")
    assert memory.aliases(WEB[:12]) == (WEB[:12], "web")
    assert memory.aliases(EXEC) == (EXEC, EXEC[:12], "web:cat")
    assert memory.aliases(DB) == (DB, DB[:12])
    assert memory.aliases("a-name-that-nobody-told") == ("a-name-that-nobody-told",)
    assert memory.aliases("") == ()
