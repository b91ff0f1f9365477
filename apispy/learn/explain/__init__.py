"""Explanations of the Docker API for people: ``apispy explain``.

``interpretation`` parses what the user typed, ``explanation`` collects the records about it, ``explanation_text`` and
``as_json`` format them; ``pages`` combines these.
"""

from apispy.learn.explain.layout import Line
from apispy.learn.explain.pages import Page, difference_page, list_page, question_page

__all__ = ["Line", "Page", "difference_page", "list_page", "question_page"]
