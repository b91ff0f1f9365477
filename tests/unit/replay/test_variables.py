"""Variables in recorded texts, and the live texts that they are bound to."""

import pytest

from apispy.replay.variables import Bindings, Unifier, Variables

UUID, OTHER = "0b7e9ffd-1c9e-4c3d-9a63-0f0d6ad0a5e1", "a81bc81b-dead-4e5d-abff-90865d1e13b1"


def unifier(*generated: str) -> Unifier:
    return Unifier(Variables(generated), Bindings())


@pytest.mark.parametrize(
    ("recorded", "live"),
    [
        ("web-<name:1>", "web-3f9a1c"),
        ("<name:1>", "my_web.1"),
        ("<port:1>/tcp", "49153/tcp"),
        ("<time:a>", "2026-11-26T09:00:00.000000001Z"),
        ("A=<redacted:3f2a91c0>", "A=<redacted:00000000>"),
        ("plain", "plain"),
        ("a.b", "a.b"),
    ],
)
def test_matching_texts(recorded: str, live: str) -> None:
    assert unifier().matches(recorded, live)


@pytest.mark.parametrize(
    ("recorded", "live"),
    [
        ("web-<name:1>", "web-"),
        ("web-<name:1>", "wob-3f9a1c"),
        ("<name:1>", "a b"),
        ("<port:1>", "49153x"),
        ("A=<redacted:3f2a91c0>", "A=open"),
        ("a.b", "acb"),
        ("plain", "plain\n"),
        ("<name>", "x"),
    ],
)
def test_different_texts(recorded: str, live: str) -> None:
    assert not unifier().matches(recorded, live)


def test_many_variables_in_one_text_are_fast() -> None:
    recorded = "".join(f"<name:{number}>" for number in range(300))
    assert not unifier().matches(recorded, "a" * 3000 + "!")
    assert unifier().matches("<name:1>-<name:2>", "a-b-c")
    assert unifier().matches(
        "<redacted:11111111><redacted:22222222>", "<redacted:aaaaaaaa><redacted:bbbbbbbb>"
    )


def test_bindings_are_one_to_one() -> None:
    one = unifier()
    assert one.matches("/<name:1>", "/web-1")
    assert one.matches("x<name:1>y", "xweb-1y")
    assert not one.matches("/<name:1>", "/web-2")
    assert not one.matches("/<name:2>", "/web-1")
    assert one.matches("/<name:2>", "/web-2")


def test_an_id_that_has_letters_only_is_a_variable_where_it_is_known_as_one() -> None:
    """One of 3,400 that BuildKit draws."""
    one = unifier("zwedthyudmanvgqxihngjjkhz")
    assert one.matches(
        "local-sessionid:zwedthyudmanvgqxihngjjkhz", "local-sessionid:vrzvrakhjcl3317vl70a1puyr"
    )
    assert one.matches("zwedthyudmanvgqxihngjjkhz", "vrzvrakhjcl3317vl70a1puyr")
    assert not one.matches("zwedthyudmanvgqxihngjjkhz", "another00khjcl3317vl70a1p")
    assert not unifier("zwedthyudmanvgqxihngjjkhz").matches(
        "zwedthyudmanvgqxihngjjkhza", "vrzvrakhjcl3317vl70a1puyra"
    )
    assert not unifier().matches("zwedthyudmanvgqxihngjjkhz", "vrzvrakhjcl3317vl70a1puyr")


def test_only_generated_texts_are_variables() -> None:
    one = unifier("3f9a1c", UUID)
    assert one.matches("web-3f9a1c", "web-77aa01")
    assert one.matches(f"x={UUID}", f"x={OTHER}")
    assert not one.matches("web-3f9a1d", "web-77aa01")
    assert not one.matches("web-3f9a1c", "web-hello!")


def test_a_secret_may_have_one_token_per_file() -> None:
    one = unifier()
    assert one.matches("<redacted:11111111>", "<redacted:aaaaaaaa>")
    assert one.matches("<redacted:22222222>", "<redacted:aaaaaaaa>")
    assert not one.matches("<redacted:11111111>", "<redacted:bbbbbbbb>")


def test_a_trial_is_kept_only_when_committed() -> None:
    bindings = Bindings()
    assert bindings.trial().bind("a", "b")
    assert bindings.live_for("a") is None
    trial = bindings.trial()
    trial.bind("a", "c")
    trial.commit()
    assert (bindings.live_for("a"), bindings.recorded_for("c")) == ("c", "a")
