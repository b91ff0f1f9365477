"""Old lines go through one function for each format that came after them."""

import pytest

from apispy.capture import migrate
from apispy.capture.format import FORMAT
from apispy.capture.validation import Malformed


def test_there_is_a_way_from_every_old_format():
    assert sorted(migrate.MIGRATIONS) == list(range(1, FORMAT))


def test_every_step_is_taken_in_order(monkeypatch):
    monkeypatch.setattr(migrate, "FORMAT", 3)
    steps = {
        number: lambda line, number=number: line | {"steps": [*line["steps"], number]} for number in (1, 2)
    }
    monkeypatch.setattr(migrate, "MIGRATIONS", steps)
    assert migrate.migrate({"steps": []}, 1) == {"steps": [1, 2]}
    assert migrate.migrate({"steps": []}, 2) == {"steps": [2]}
    assert migrate.migrate({"steps": []}, 3) == {"steps": []}


@pytest.mark.parametrize("version", [None, "1", True, 0, -1, 1.0, [], FORMAT + 1, 10**30])
def test_a_format_that_cannot_be_read_is_refused(version):
    with pytest.raises(Malformed, match="format: "):
        migrate.check_format(version)


def test_what_cannot_be_converted_is_malformed(monkeypatch):
    monkeypatch.setattr(migrate, "FORMAT", 2)
    monkeypatch.setattr(migrate, "MIGRATIONS", {1: lambda line: line["nosuch"]})
    with pytest.raises(Malformed, match="format 1"):
        migrate.migrate({}, 1)
