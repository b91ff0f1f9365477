"""Caches that a client can fill are bounded, in number and in size."""

from apispy.learn.notes import bodies
from apispy.model import Headers
from apispy.redaction import header_fields

from .hiding import replacer


def test_long_names_of_headers_are_not_cached() -> None:
    before = header_fields._look_up_cached.cache_info()
    for number in range(5):
        name = b"x" * 5000 + str(number).encode()
        assert header_fields.fields(replacer(), Headers(((name + b"-token", b"s"),)), "").fields[0][1] != b"s"
    assert header_fields._look_up_cached.cache_info() == before
    assert before.maxsize == header_fields.MAX_CACHED


def test_long_names_of_fields_are_not_cached() -> None:
    before = bodies._versions_cached.cache_info()
    for number in range(5):
        assert bodies.versions_of_field("ContainerCreate", ("x" * 5000 + str(number),)) is None
    assert bodies._versions_cached.cache_info() == before
    assert before.maxsize == bodies.MAX_CACHED
    assert bodies._request_shape.cache_info().maxsize == bodies._response_shape.cache_info().maxsize == 1024
