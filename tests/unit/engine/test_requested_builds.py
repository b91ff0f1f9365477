"""What a build asks for, in whatever shape it comes."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apispy.engine import lookup, requested_access
from apispy.engine.operations import BY_ID
from apispy.engine.requested_builds import BUILDS, build_of, host_and_address, may_use_any_image

CALLS = [lookup(BY_ID[name].method, BY_ID[name].path) for name in BUILDS]
NAMES = st.sampled_from(
    ["FrontendAttrs", "FrontendOpt", "Exporters", "Exporter", "Cache", "Exports", "Attrs", "Type", "Definition", "def",
     "FrontendInputs", "exec", "meta", "extraHosts", "network",
     "security", "cdiDevices", "identifier", "Entitlements", "cache-imports", "add-hosts", "context"]
)  # fmt: skip
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


STEPS = st.lists(
    st.dictionaries(st.sampled_from(["exec", "source"]), ANY | st.dictionaries(NAMES, ANY), max_size=2)
)
BODIES = st.dictionaries(NAMES, ANY, max_size=5) | STEPS.map(lambda steps: {"Definition": {"def": steps}})


@settings(max_examples=60)
@given(st.sampled_from(CALLS), BODIES)
def test_a_body_of_any_shape_gives_texts(call: Any, body: Any) -> None:
    assert build_of(call, body) is not None
    found = [
        *requested_access.namespaces(call, body, "network"),
        *requested_access.devices(call, body),
        *requested_access.extra_hosts(call, body),
        *requested_access.contexts(call, body),
        *requested_access.build_images(call, body),
        *(name for names in requested_access.outputs(call, body) for name in names),
        *(name for names in requested_access.caches(call, body) for name in names),
    ]
    assert all(isinstance(one, str) for one in found)
    assert requested_access.is_privileged(call, body) in (True, False)
    assert may_use_any_image(call, body) in (True, False)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("db:10.0.0.2", "db=10.0.0.2"),
        ("db=::1", "db=::1"),
        ("db:[::1]", "db=::1"),
        ("db:::1", "db=::1"),
        ("db", "db="),
    ],
)
def test_a_name_of_a_host_has_one_form(sent: str, shown: str) -> None:
    assert host_and_address(sent) == shown


def test_other_calls_are_no_builds() -> None:
    assert build_of(lookup("GET", "/info"), {}) is None
    assert not may_use_any_image(lookup("GET", "/info"), {})
