"""The story of a capture: what was done, not what was sent."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from apispy import lazy

if TYPE_CHECKING:
    from apispy.learn.story.as_json import story_json
    from apispy.learn.story.as_text import story_lines
    from apispy.learn.story.docker_command import DockerLine, docker_line
    from apispy.learn.story.story import Story

__getattr__: Callable[[str], object] = lazy.names(
    __name__,
    {
        "Story": "story",
        "story_json": "as_json",
        "story_lines": "as_text",
        "DockerLine": "docker_command",
        "docker_line": "docker_command",
    },
)

__all__ = ["DockerLine", "Story", "docker_line", "story_json", "story_lines"]
