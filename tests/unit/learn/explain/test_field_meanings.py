"""Every meaning belongs to a field that exists."""

from apispy.engine import OPERATIONS
from apispy.learn.explain.body_fields import DESCRIBED, plain_path, rows
from apispy.learn.explain.field_meanings import MEANINGS, keys, meaning


def used() -> set[str]:
    found = set()
    for row in OPERATIONS:
        for side in ("request", "response"):
            for version in DESCRIBED[::4] + DESCRIBED[-1:]:
                for path in rows(row.id, side, version):
                    found |= set(keys(row.id, plain_path(path))[:1]) | set(keys(row.id, plain_path(path)))
    return found


def test_each_field_exists():
    assert not set(MEANINGS) - used()


def test_the_fields_that_people_use_have_one():
    paths = {plain_path(path) for path in rows("ContainerCreate", "request", DESCRIBED[-1])}
    with_meaning = {path for path in paths if meaning("ContainerCreate", path)}
    assert len(with_meaning) >= 100
    assert {path for path in paths if "." not in path} - {"ArgsEscaped", "NetworkingConfig"} <= with_meaning


def test_a_meaning_is_not_taken_from_another_object():
    assert not meaning("ImageInspect", "Config.Cmd")  # it replaces nothing there
    assert not meaning("PluginInspect", "Config.Env")
    assert not meaning("SystemInfo", "Architecture")
    assert not meaning("ContainerInspect", "Image")
    assert meaning("ContainerInspect", "Config.Image") == meaning("ContainerCreate", "Image")
    assert "on-failure" in meaning("ContainerInspect", "HostConfig.RestartPolicy.MaximumRetryCount")
