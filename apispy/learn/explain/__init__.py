"""What Docker's API has, told to people: ``apispy explain``.

``understand`` finds out what was typed, ``explanation`` makes the records of it, ``text`` and ``as_json`` render them;
``pages`` puts these together.
"""

from apispy.learn.explain.layout import Line
from apispy.learn.explain.pages import Page, difference_page, list_page, question_page

__all__ = ["Line", "Page", "difference_page", "list_page", "question_page"]
