"""The documentation pages, which are installed with apispy: ``apispy/pages`` is ``docs/`` of the repository."""

import re
from pathlib import Path

PAGES = Path(__file__).parents[1] / "pages"

_HIDDEN = re.compile(
    r"<!--.*?-->\n?|^!\[[^\]]*\]\([^)]*\)\n|</?(?:picture|source|img)\b[^>]*>\n?", re.DOTALL | re.MULTILINE
)
_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]*)\)")


def topics() -> dict[str, str]:
    """Return the title of each page by its topic, such as "filters"."""
    return {path.stem: _title(path) for path in sorted(PAGES.glob("[a-z]*.md")) if path.stem != "index"}


def page(topic: str) -> str:
    """Return the text of a page for a terminal: links name the topic that they lead to."""
    return _LINK.sub(_link_text, _HIDDEN.sub("", (PAGES / f"{topic}.md").read_text("utf-8")))


def _title(path: Path) -> str:
    with path.open(encoding="utf-8") as file:
        return file.readline().lstrip("#").strip()


def _link_text(found: re.Match[str]) -> str:
    text, target = found.groups()
    if target.startswith("http"):
        return f"{text} ({target})"
    linked = re.fullmatch(r"([a-z][\w-]*)\.md(?:#.*)?", target)
    return f"{text} (apispy help {linked[1]})" if linked else text
