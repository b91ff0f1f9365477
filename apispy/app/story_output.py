"""The story of a session that is live."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from apispy.outputs import Output
from apispy.outputs.escaping import escape
from apispy.outputs.style import Piece, paint
from apispy.outputs.summary import NO_CALLS

if TYPE_CHECKING:
    from apispy.outputs import DecodedCall


class StoryOutput(Output):
    """An output that writes the story when the session ends."""

    takes_chunks = takes_heads = False

    def __init__(self, write: Callable[[str], None], *, as_json: bool, color: bool, columns: int) -> None:
        from apispy.learn.story import Story

        self._story = Story()
        self._write, self._as_json, self._color, self._columns = write, as_json, color, columns

    def write(self, decoded: "DecodedCall") -> None:
        self._story.add(decoded)

    def notice(self, text: str, at: float) -> None:
        if not self._as_json:
            self._write(f"apispy: {escape(text)}\n")

    def close(self) -> None:
        from apispy.learn.story import story_json, story_lines

        if not self._story.calls:
            self._write(f"apispy: {NO_CALLS}\n")
            return
        if self._as_json:
            self._write(json.dumps(story_json(self._story), indent=2) + "\n")  # ASCII only
            return
        for line in story_lines(self._story, self._columns):
            self._write(f"{paint([Piece(escape(line.text), line.style)], self._color)}\n")
