"""A page's server in a thread of its own, and a real HTTP client for it."""

import asyncio
import http.client
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from apispy.app.web import Answer, Feed, WebServer

PAGE = Answer(200, b"<!doctype html><title>page</title>", "text/html; charset=utf-8", "default-src 'self'")


class Browser:
    """Sends requests as a browser does: with a Host, and with the cookie once it has one."""

    def __init__(self, server: WebServer) -> None:
        self.port = server.port
        self.url = server.url
        self.cookie = ""

    def ask(
        self,
        target: str = "/",
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: str | None = None,
    ) -> http.client.HTTPResponse:
        """Return the response, its body read."""
        response = self.open(target, method, headers, body)
        response.text = response.read().decode()  # type: ignore[attr-defined]
        return response

    def open(
        self,
        target: str,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: str | None = None,
    ) -> http.client.HTTPResponse:
        """Return the response, its head read."""
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        cookies = {"Cookie": self.cookie} if self.cookie else {}
        self.connection.request(method, target, body, {**cookies, **(headers or {})})
        return self.connection.getresponse()

    def enter(self) -> "Browser":
        """Open the address with the token."""
        address = urlsplit(self.url)
        response = self.ask(f"{address.path}?{address.query}")
        assert response.status == 303
        self.cookie = (response.getheader("Set-Cookie") or "").partition(";")[0]
        return self

    def events(self, last: str | None = None) -> Iterator[dict[str, str]]:
        """Yield the server-sent events; comments as {"comment": text}."""
        headers = {} if last is None else {"Last-Event-ID": last}
        response = self.open("/calls", headers=headers)
        assert response.status == 200
        fields: dict[str, str] = {}
        while line := response.readline().decode():
            name, _, value = line.rstrip("\n").partition(": ")
            if line == "\n":
                yield fields
                fields = {}
            else:
                fields[name or "comment"] = value


@contextmanager
def serving(
    feed: Feed | None = None, documents: Mapping[str, Answer] | None = None, **more: Any
) -> Iterator[WebServer]:
    """Run a server in a thread; yields it when it listens, and ends it."""
    server = WebServer({"/": PAGE} if documents is None else documents, feed, **more)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(server.start(), loop).result(30)
        try:
            yield server
        finally:
            asyncio.run_coroutine_threadsafe(server.close(), loop).result(30)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()
