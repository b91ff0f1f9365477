"""The gRPC services and methods of BuildKit are explained, all that the tables know."""

import pytest

from apispy.decoders.grpc_methods import METHOD_DESCRIPTIONS, SERVICES
from apispy.decoders.grpc_schema import METHODS
from apispy.learn.explain.interpretation import interpret

SOLVE = "gRPC method /moby.buildkit.v1.Control/Solve"
BRIDGE = "gRPC method /moby.buildkit.v1.frontend.LLBBridge/Solve"
CONTROL = "gRPC service moby.buildkit.v1.Control"


def titles(text: str) -> list[str]:
    return [topic.title for topic in interpret(text).topics]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Control/Solve", [SOLVE]),
        ("/moby.buildkit.v1.Control/Solve", [SOLVE]),
        ("moby.buildkit.v1.control/solve", [SOLVE]),
        ("grpc Solve", [SOLVE, BRIDGE]),
        ("Solve", [SOLVE, BRIDGE]),  # no other word of the API
        ("grpc control", [CONTROL]),
        ("moby.buildkit.v1.Control", [CONTROL]),
        ("grpc", [f"gRPC service {name}" for name in SERVICES]),
    ],
)
def test_names(text: str, found: list[str]) -> None:
    assert titles(text) == found


@pytest.mark.parametrize("text", ["secrets", "auth", "info", "prune", "status"])
def test_words_of_the_api_are_searched_as_before(text: str) -> None:
    assert not [title for title in titles(text) if title.startswith("gRPC")]
    assert interpret(text).hits


def test_the_operation_is_still_explained() -> None:
    assert interpret("Grpc").questions[0].operation.id == "Grpc"


def test_every_method_that_is_decoded_is_explained_with_what_is_hidden() -> None:
    assert set(METHODS) <= set(METHOD_DESCRIPTIONS)
    assert {path[1:].rpartition("/")[0] for path in METHOD_DESCRIPTIONS} == set(SERVICES)
    [secret] = interpret("Secrets/GetSecret").topics
    assert secret.text == (
        "Request a build secret. The daemon calls it: it asks the client, on POST /session, or in Control/Session. "
        "Request: ID, annotations (size only). Response: data (never shown). Other fields are only counted."
    )
    [agent] = interpret("SSH/ForwardAgent").topics
    assert agent.text.endswith("apispy counts its messages and shows nothing of them.")
