"""Rules as they are typed and as a file has them, and their errors."""

import pytest

from apispy.errors import UsageError
from apispy.filters.policy import parse_policy, parse_rule


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "privilged",
            "'privilged' alone is a word to search for, which is too weak for a rule; did you mean privileged?",
        ),
        ("op:ContainerStart or exec", "'exec' alone is a word"),
        ("status>400", "a rule is decided on the request; it cannot use status, "),
        (
            "op:ContainerStrat",
            "no op of Docker's API matches ContainerStrat; did you mean op:ContainerSta",
        ),
        ("effect:destroy", "no effect of Docker's API matches destroy"),
        ("bind:", "expected a pattern after :"),
    ],
)
def test_a_rule_that_would_not_do_what_it_seems_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_rule("deny", text)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it has no rule: expected a line such as read-only or deny privileged"),
        ("# nothing\n\n", "it has no rule"),
        ("read-only\ndney privileged\n", "line 2: expected read-only, or allow, deny or confirm and a filter, found "
                                         "'dney privileged'; did you mean deny?"),
        ("deny\n", "line 1: expected read-only, or allow, deny or confirm and a filter, found 'deny'"),
        ("deny privileged\n\n\x1b[2J\n", "line 3: expected read-only, or allow, deny or confirm and a filter, "
                                          "found '\\x1b[2J'"),
        ("allow status>1", "line 1: a rule is decided on the request"),
    ],
)  # fmt: skip
def test_a_file_with_a_mistake_names_the_line(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_policy(text)
    assert str(caught.value).startswith(message)


def test_a_rule_keeps_its_words() -> None:
    assert (
        str(parse_rule("allow", "op:ContainerList   or effect:read"))
        == "allow op:ContainerList or effect:read"
    )
