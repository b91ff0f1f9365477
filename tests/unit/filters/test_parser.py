"""How the language is read, how it is written again, and what is said of what cannot be read."""

import pytest

from apispy.errors import UsageError
from apispy.filters import Filter


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("op:A", "op:A"),
        (" operation:A  slow>1s", "op:A and duration>1s"),
        ("a b or c AND d", "a and b or c and d"),
        ("(a or b) c", "(a or b) and c"),
        ("a (b (c))", "a and b and c"),
        ("a or (b or c)", "a or b or c"),
        ("NOT (a)", "not a"),
        ("not not a b", "not not a and b"),
        ("not (a or b)", "not (a or b)"),
        ("status >= 400", "status>=400"),
        ("image:a:b path:/x=<y>", "image:a:b and path:/x=<y>"),
        ('error:"no \\"such\\\\"', 'error:"no \\"such\\\\"'),
        ('op:"" or ""', 'op:"" or ""'),
        ('"and" "status" "a:b" "plain" "wow!"', '"and" and "status" and "a:b" and plain and "wow!"'),
        ("android nothing orbit", "android and nothing and orbit"),
        ("not(a)or(b)", "not a or b"),
        ("Error and NOTE", "error and note"),
    ],
)
def test_the_canonical_text(text: str, canonical: str) -> None:
    found = Filter.parse(text)
    assert str(found) == canonical
    assert Filter.parse(canonical) == found


@pytest.mark.parametrize(
    ("text", "caret", "says"),
    [
        ("", 0, "expected a test, as in op:Container*, found the end"),
        ("op:Container* and status>=", 26, "expected a number after >=, found the end; as in status>=400"),
        ("status>=4xx", 8, "expected a number after >=, found 4xx"),
        ("status:", 7, "expected a number after :, found the end"),
        ("(slow>)", 6, "expected a duration (us, ms, s, m, h) after >, found )"),
        ("slow>1", 5, "expected a duration (us, ms, s, m, h) after >, found 1; as in duration>=200ms"),
        ("size>1X", 5, "expected a size"),
        ("version<new", 8, "expected a version after <, found new"),
        ("time>25:00", 5, "expected a time of day, or a date and time after >, found 25:00"),
        ("time<9999-12-32", 5, "found 9999-12-32"),
        ("stauts>=400", 0, "unknown field stauts; did you mean status? Fields: op, "),
        ("duration=1s", 8, "expected < or <= or > or >= after duration, found ="),
        ("a status!=404", 8, "!= is not an operator, write not status:..."),
        ("size:1kB", 4, "expected < or <= or > or >= after size, found :"),
        ("op>x", 2, "expected : after op, found >; as in op:Container*"),
        ("a status", 2, 'to search for the word: "status"'),
        ("a and or b", 6, "expected a test, as in op:Container*, found or"),
        ("not", 3, "expected a test"),
        ("a and", 5, "expected a test"),
        ("()", 1, "expected a test, as in op:Container*, found )"),
        ("(a or (b)", 0, '"(" without ")"'),
        ("a) b", 1, '")" without "("'),
        ('a "b', 2, 'unterminated "'),
        ('op:"b', 3, 'unterminated "'),
        (":x", 0, "expected a test, as in op:Container*, found :x"),
        ("not " * 60 + "a", 200, "nested more than 50 levels deep"),
        ("(" * 5000, 50, "nested more than 50 levels deep"),
    ],
)
def test_errors_point_at_the_place(text: str, caret: int, says: str) -> None:
    with pytest.raises(UsageError) as error:
        Filter.parse(text)
    first, shown, pointer, last = str(error.value).split("\n")
    assert first.startswith("filter: ")
    assert says in first
    assert shown == f"  {text}"
    assert pointer == " " * (caret + 2) + "^"
    assert last == "The language: apispy help filters"


def test_what_was_typed_cannot_drive_the_terminal() -> None:
    with pytest.raises(UsageError) as error:
        Filter.parse("a \x1b[31m (")
    assert "\x1b" not in str(error.value)
    with pytest.raises(UsageError) as error:
        Filter.parse("status>\x1b[31m")
    assert "\x1b" not in str(error.value)
