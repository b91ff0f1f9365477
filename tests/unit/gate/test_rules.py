"""Fault rules: parsing and error messages."""

import pytest

from apispy.errors import UsageError
from apispy.gate import DropAfter, Garbage, Reset, RespondWith, parse


def test_a_status_once():
    rule = parse("op:ContainerStart  status=500 times=1")
    assert (str(rule.filter), rule.times) == ("op:ContainerStart", 1)
    assert rule.action == RespondWith(500, "apispy: fault op:ContainerStart status=500 times=1")


def test_a_message_in_quotes_is_the_whole_message():
    rule = parse(r'status=507 message="no \"space\" left" op:ImageCreate')
    assert rule.action == RespondWith(507, 'no "space" left')
    assert str(rule.filter) == "op:ImageCreate"


@pytest.mark.parametrize(
    ("text", "act", "delay"),
    [
        ("delay=2s", None, 2.0),
        ("delay=150ms reset", Reset(), 0.15),
        ("drop-after=64kB", DropAfter(64_000), 0.0),
        ("drop-after=1KiB", DropAfter(1024), 0.0),
        ("garbage", Garbage(), 0.0),
    ],
)
def test_what_is_done_to_every_request(text: str, act: object, delay: float):
    rule = parse(text)
    assert (rule.filter, rule.action, rule.delay) == (None, act, delay)


def test_words_that_are_settings_can_be_looked_for_in_quotes():
    assert str(parse('"reset" "status=500" status=500').filter) == 'reset and "status=500"'


def test_how_often():
    rule = parse("every=3 probability=10% times=2 reset")
    assert (rule.every, rule.probability, rule.times) == (3, 0.1, 2)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("op:ContainerStart", "no action given; add one of status=500, drop-after=64kB, reset, garbage, "
         "delay=2s"),
        ("", "no action given"),
        ("delay=0s", "no action given"),
        ("status=42", "expected a status from 200 to 599 after status=, found 42; for example status=500"),
        ("status=", "found nothing"),
        ("delay=2", "expected a duration up to 24h (us, ms, s, m, h) after delay=, found 2; for example delay=2s"),
        ("delay=25h", "found 25h"),
        ("drop-after=lots", "expected a size"),
        ("times=0 reset", "expected a number from 1 after times="),
        ("probability=0 reset", "expected a number up to 1, or a percentage"),
        ("reset=1", "reset takes no value; type reset alone"),
        ("reset garbage", "reset and garbage cannot be combined"),
        ("reset message=x", "message= needs status=; add it, for example status="),
        ("status=500 status=404", "status is given twice"),
        ("stats=500", "unknown setting 'stats'; did you mean 'status'?"),
        ("oq=ContainerStart reset", "unknown setting 'oq'"),
        ("status:404 reset",
         "a fault is decided on the request; it cannot use status, duration, size, sent, error, grpc, buildstep, "
         "note, which"),
        ("op:x and reset", "filter: expected a test"),
        ('message="x status=500', 'the text after message= starts with " but does not end with "'),
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_explained(text: str, says: str):
    with pytest.raises(UsageError) as error:
        parse(text)
    assert says in str(error.value)
    assert str(error.value).endswith("Faults: apispy help faults")


def test_an_error_holds_no_control_characters():
    with pytest.raises(UsageError) as error:
        parse("\x1b[31m\nstatus=\x1bx")
    assert all(char.isprintable() or char == "\n" for char in str(error.value))
