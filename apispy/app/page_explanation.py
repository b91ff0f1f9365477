"""What `apispy explain` says of a call, for a page that is served."""

import asyncio
import re

from apispy.app.page_tabs import WIDTH, line_values
from apispy.app.web import Answer, WebRequest, json_answer
from apispy.errors import UsageError

REQUEST_LINE = re.compile(r"[A-Za-z]{1,20} /\S*")
"""What is explained. Other words that `apispy explain` takes, such as commands, are not: they need not be calls."""


async def explanation(request: WebRequest) -> Answer:
    """Answer ``?request=GET /v1.41/info``.

    A JSON object: ``lines`` as in the tabs, or ``problem``, a sentence. A thread makes it, because it takes a while.
    """
    return await asyncio.to_thread(_explanation, request.parameter("request"))


def _explanation(line: str) -> Answer:
    from apispy.learn import explain

    if not REQUEST_LINE.fullmatch(line):
        return json_answer(
            {"problem": "This is not a request of Docker's API, so there is nothing to explain."}
        )
    try:
        page = explain.question_page(line, width=WIDTH)
    except UsageError as error:
        return json_answer({"problem": str(error)})
    return json_answer({"lines": line_values(page.lines)})
