"""A page for the user's own browser on this machine (`apispy view`, --web): who may read it, its feed, its HTTP server.

The server also serves metrics to programs (--metrics).

The server is asyncio with h11, which reads the heads. tornado comes with mitmproxy and could serve the page too, but it
has no limit for connections, nor for what waits for a slow browser; the few paths here need no framework.
"""

from apispy.app.web.access import Access, Answer, OpenAccess, WebRequest, json_answer
from apispy.app.web.connection import Limits
from apispy.app.web.feed import Feed
from apispy.app.web.server import Question, WebServer

__all__ = [
    "Access",
    "Answer",
    "Feed",
    "Limits",
    "OpenAccess",
    "Question",
    "WebRequest",
    "WebServer",
    "json_answer",
]
