"""Words that several kinds of notes use."""

from apispy.engine.versions import NEWEST


def span(first: str, last: str) -> str:
    """ "since API 1.41", "until API 1.24", "from API 1.30 to 1.40"."""
    if last == NEWEST:
        return f"since API {first}"
    return f"until API {last}" if first == "1.0" else f"from API {first} to {last}"
