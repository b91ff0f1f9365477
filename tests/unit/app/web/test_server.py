"""The server, asked by a real HTTP client: its documents, the feed, its limits, and the headers of every answer."""

import socket
import threading
from contextlib import ExitStack, suppress
from itertools import islice
from typing import Any

import pytest

from apispy.app.web import Answer, Feed, Limits, WebRequest, WebServer, json_answer
from apispy.app.web.connection import MAX_UNSENT
from apispy.errors import ApispyError, UsageError
from tests.unit.app.web.serving import PAGE, Browser, serving


def fill(feed: Feed, count: int, size: int = 10) -> None:
    for _ in range(count):
        number = feed.total + 1
        feed.add("call", size, lambda number=number: {"id": number})  # type: ignore[misc]


def numbers(events: list[dict[str, str]]) -> list[tuple[str, str]]:
    return [(event["id"], event["event"]) for event in events if "id" in event]


# -- documents --


def test_the_page_is_served_to_the_browser_that_has_the_token():
    with serving() as server:
        browser = Browser(server)
        assert browser.ask().status == 403
        response = browser.enter().ask()
        assert (response.status, response.text) == (200, PAGE.body.decode())  # type: ignore[attr-defined]
        assert response.getheader("Content-Type") == "text/html; charset=utf-8"
        assert response.getheader("Content-Security-Policy") == "default-src 'self'; frame-ancestors 'none'"
        assert browser.ask("/other").status == 404
        assert browser.ask("/calls").status == 404  # there is no feed


def test_a_question_is_answered_to_the_same_browsers_as_the_page():
    asked: list[str] = []

    async def question(request: WebRequest) -> Answer:
        asked.append(request.parameter("x"))
        return json_answer({"<": request.parameter("x")})

    with serving(questions={"/ask": question}) as server:
        browser = Browser(server)
        assert browser.ask("/ask?x=1").status == 403
        browser.enter()
        for headers in (
            {"Host": "evil.example"},
            {"Origin": "http://evil.example"},
            {"Sec-Fetch-Site": "cross-site"},
        ):
            assert browser.ask("/ask?x=1", headers=headers).status == 403
        for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
            assert browser.ask("/ask?x=1", method).status == 405
        assert asked == []
        response = browser.ask("/ask?x=%3Cb%3E")
        assert (response.status, response.text) == (200, '{"<": "<b>"}')  # type: ignore[attr-defined]
        assert response.getheader("Content-Type") == "application/json; charset=utf-8"
        assert response.getheader("X-Content-Type-Options") == "nosniff"
        assert response.getheader("Content-Security-Policy") == "default-src 'none'; frame-ancestors 'none'"
        assert asked == ["<b>"]


def test_a_question_that_fails_ends_nothing():
    async def question(request: WebRequest) -> Answer:
        raise RuntimeError("a secret of the fault")

    with serving(questions={"/ask": question}) as server:
        browser = Browser(server).enter()
        response = browser.ask("/ask")
        assert (response.status, "secret" in response.text) == (500, False)  # type: ignore[attr-defined]
        assert browser.ask().status == 200


def test_head_has_the_head_only():
    with serving(Feed()) as server:
        browser = Browser(server).enter()
        response = browser.ask(method="HEAD")
        assert (response.status, response.getheader("Content-Length")) == (200, str(len(PAGE.body)))
        assert (
            browser.ask("/calls", method="HEAD").getheader("Content-Type")
            == "text/event-stream; charset=utf-8"
        )


@pytest.mark.parametrize("target", ["/", "/calls", "/none", "/?token=x"])
@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize("method", ["HEAD", "POST"])
def test_every_answer_has_the_headers_of_safety(target: str, is_known: bool, method: str):
    with serving(Feed()) as server:
        browser = Browser(server).enter() if is_known else Browser(server)
        response = browser.ask(target, method)
        found = {name: response.getheader(name) for name in ("X-Content-Type-Options", "X-Frame-Options")}
        assert found == {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY"}
        assert "frame-ancestors 'none'" in (response.getheader("Content-Security-Policy") or "")
        assert response.getheader("Referrer-Policy") == "no-referrer"
        assert response.getheader("Cross-Origin-Opener-Policy") == "same-origin"
        assert response.getheader("Cross-Origin-Resource-Policy") == "same-origin"
        assert response.getheader("Cache-Control") == "no-store"
        assert response.getheader("Server") is None
        assert response.getheader("Access-Control-Allow-Origin") is None


def test_another_host_and_another_site_are_refused():
    with serving() as server:
        browser = Browser(server).enter()
        assert browser.ask(headers={"Host": f"evil.example:{server.port}"}).status == 403
        assert browser.ask(headers={"Origin": "http://evil.example"}).status == 403
        assert browser.ask(headers={"Sec-Fetch-Site": "cross-site"}).status == 403


def test_nothing_can_be_changed():
    with serving() as server:
        response = Browser(server).enter().ask(method="POST", body="x=1")
        assert (response.status, response.getheader("Allow")) == (405, "GET, HEAD")


def test_a_large_document_arrives_whole():
    large = Answer(200, b"x" * 3_000_000)
    with serving(documents={"/": large}) as server:
        assert len(Browser(server).enter().ask().text) == 3_000_000  # type: ignore[attr-defined]


# -- the feed --


def test_calls_are_events_with_ids_and_go_on_live():
    feed = Feed()
    fill(feed, 2)
    with serving(feed) as server:
        events = Browser(server).enter().events()
        assert next(events) == {"retry": "1000"}
        assert list(islice(events, 2)) == [
            {"id": "1", "event": "call", "data": '{"id": 1}'},
            {"id": "2", "event": "call", "data": '{"id": 2}'},
        ]
        for number in (3, 4, 5):
            fill(feed, 1)
            assert next(events) == {"id": str(number), "event": "call", "data": f'{{"id": {number}}}'}


def test_a_browser_that_comes_back_gets_the_rest():
    feed = Feed()
    fill(feed, 5)
    with serving(feed) as server:
        browser = Browser(server).enter()
        assert numbers(list(islice(browser.events(), 6)))[-1] == ("5", "call")
        assert numbers(list(islice(browser.events("3"), 3))) == [("4", "call"), ("5", "call")]


@pytest.mark.parametrize("last", ["", "x", "-1", "99", "1e3", "²", "9" * 5000])
def test_an_id_of_another_session_is_the_beginning(last: str):
    feed = Feed()
    fill(feed, 1)
    with serving(feed) as server:
        events = Browser(server).enter().events(last.encode().decode("latin-1"))
        assert numbers(list(islice(events, 2))) == [("1", "call")]


def test_a_browser_is_told_what_it_missed():
    feed = Feed(max_items=3)
    fill(feed, 10)
    with serving(feed) as server:
        found = list(islice(Browser(server).enter().events("2"), 5))
        assert found[1] == {"id": "7", "event": "missed", "data": '{"items": 5}'}
        assert numbers(found)[1:] == [("8", "call"), ("9", "call"), ("10", "call")]


def test_a_comment_is_sent_when_there_is_nothing_else():
    feed = Feed()
    with serving(feed, limits=Limits(heartbeat_seconds=0.01)) as server:
        events = Browser(server).enter().events()
        assert list(islice(events, 3)) == [{"retry": "1000"}, {"comment": "alive"}, {"comment": "alive"}]


def test_a_slow_browser_holds_up_nobody_and_learns_what_it_missed():
    """It reads nothing while more passes than the sockets and the ring can hold, and another browser reads on."""
    count, kept, text = 40, 20, "x" * 60_000
    feed = Feed(max_items=kept)
    with serving(feed) as server:
        send_little(server)
        slow, quick = Browser(server).enter(), Browser(server).enter()
        waiting, reading = slow.events(), quick.events()
        assert next(waiting) == next(reading) == {"retry": "1000"}
        for number in range(1, count + 1):
            feed.add("call", 10, lambda: text)
            assert next(reading)["id"] == str(number)
        found = list(islice(waiting, 1))
        while found[-1]["event"] == "call":
            found.append(next(waiting))
        early, left = len(found) - 1, count - kept  # on their way to it; out of the ring
        assert 0 < early * len(text) < MAX_UNSENT + 400_000  # what may wait in the server, and in the sockets
        assert numbers(found[:-1]) == [(str(number), "call") for number in range(1, early + 1)]
        assert found[-1] == {"id": str(left), "event": "missed", "data": f'{{"items": {left - early}}}'}
        rest = numbers(list(islice(waiting, kept)))
        assert rest == [(str(number), "call") for number in range(left + 1, count + 1)]


def send_little(server: WebServer) -> None:
    """Let the kernel hold little of what is sent on new connections, which inherit this of the listening socket."""
    assert server._server is not None
    server._server.sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)


def test_a_browser_that_never_reads_is_let_go():
    feed = Feed()
    text = "x" * 60_000
    with serving(feed, limits=Limits(connections=1, unread_seconds=0.05)) as server:
        send_little(server)
        browser = Browser(server).enter()
        stuck = browser.open("/calls")
        for _ in range(20):
            feed.add("call", 10, lambda: text)
        until_free(browser)
        stuck.close()


def until_free(browser: Browser) -> None:
    """Ask until there is a connection for this request."""
    while browser.ask().status == 503:
        pass


def test_without_a_browser_nothing_is_made():
    made: list[int] = []
    feed = Feed()
    with serving(feed) as server:
        Browser(server).enter().ask()
        for _ in range(100):
            feed.add("call", 10, lambda: made.append(1))
        assert made == []


# -- limits --


def raw(server: WebServer, data: bytes) -> bytes:
    """Send *data*, and return what comes until the end of the connection, which may be a reset."""
    parts = [b""]
    with (
        suppress(ConnectionError),
        socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection,
    ):
        connection.sendall(data)
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"403"),
        (b"GET / HTTP/1.0\r\n\r\n", b"403"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"nonsense\r\n\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00\x01\x00", b"400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 200_000 + b"\r\n\r\n", b"431"),
    ],
)
def test_what_is_no_request_of_a_browser_is_refused(data: bytes, status: bytes):
    with serving() as server:
        assert raw(server, data).split(b" ")[1] == status


def test_a_head_that_does_not_end_is_cut_off():
    with serving(limits=Limits(head_seconds=0.01)) as server:
        assert raw(server, b"GET / HTTP/1.1\r\n") == b""
        assert raw(server, b"") == b""


def test_connections_are_bounded():
    feed = Feed()
    with serving(feed, limits=Limits(connections=2)) as server:
        browser = Browser(server).enter()
        streams = [browser.events() for _ in range(2)]
        assert [next(stream) for stream in streams] == [{"retry": "1000"}] * 2
        response = browser.ask()
        assert (response.status, response.text) == (503, "Too many pages are open: close some.\n")  # type: ignore[attr-defined]


def test_refusals_are_bounded_too():
    """Connections that send nothing: two are served, two are refused in words, the next ones end at once."""
    limits = Limits(connections=2, head_seconds=100, closing_seconds=100)
    with serving(limits=limits) as server, ExitStack() as stack:
        address = ("127.0.0.1", server.port)
        silent = [stack.enter_context(socket.create_connection(address, timeout=30)) for _ in range(4)]
        assert silent[2].recv(12) == silent[3].recv(12) == b"HTTP/1.1 503"
        assert raw(server, b"") == b""


def test_a_connection_is_free_again_when_its_browser_has_left():
    feed = Feed()
    with serving(feed, limits=Limits(connections=1)) as server:
        browser = Browser(server).enter()
        stream = browser.open("/calls")
        assert browser.ask("/").status == 503
        stream.close()
        until_free(browser)


def test_at_the_end_a_page_gets_the_rest_and_hears_that_it_was_the_last():
    feed = Feed()
    found: list[dict[str, str]] = []
    with serving(feed, limits=Limits(closing_seconds=100)) as server:
        events = Browser(server).enter().events()
        assert next(events) == {"retry": "1000"}
        reader = threading.Thread(target=lambda: found.extend(events))
        fill(feed, 100)
        reader.start()
    reader.join(30)
    assert len(found) == 101
    assert found[-1] == {"event": "end", "data": "{}"}


def test_at_the_end_a_browser_that_reads_late_gets_all_that_is_queued():
    """What waits in the server for the socket is sent before the server's loop ends."""
    ended = threading.Event()

    class Ending(Feed):
        def end(self) -> None:
            super().end()
            ended.set()

    feed, text, found = Ending(), "x" * 60_000, list[dict[str, str]]()
    with serving(feed, limits=Limits(closing_seconds=30)) as server:
        send_little(server)
        events = Browser(server).enter().events()
        assert next(events) == {"retry": "1000"}

        def read_late() -> None:
            ended.wait(30)
            found.extend(events)

        reader = threading.Thread(target=read_late)
        reader.start()
        for _ in range(4):
            feed.add("call", 10, lambda: text)
    reader.join(30)
    assert len(found) == 5
    assert found[-1] == {"event": "end", "data": "{}"}


def test_closing_does_not_wait_for_a_browser_that_does_not_read():
    feed = Feed()
    text = "x" * 60_000
    with serving(feed, limits=Limits(closing_seconds=0.05)) as server:
        send_little(server)
        stuck = Browser(server).enter().open("/calls")
        for _ in range(20):
            feed.add("call", 10, lambda: text)
    stuck.close()


def test_a_port_that_is_taken_is_named():
    with (
        serving() as server,
        pytest.raises(
            ApispyError, match=f"cannot listen on 127.0.0.1 port {server.port}: .*name another port, or 0"
        ),
        serving(port=server.port),
    ):
        pass


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "localhost"])
def test_it_listens_on_loopback_only(host: str):
    with pytest.raises(UsageError):
        WebServer({}, host=host)


def test_the_port_is_only_on_loopback():
    with serving() as server:
        listening: Any = server._server
        assert [one.getsockname()[0] for one in listening.sockets] == ["127.0.0.1"]


def test_a_stream_ends_by_its_protocol():
    """A browser would report an error otherwise."""
    feed = Feed()
    fill(feed, 1)
    feed.end()
    with serving(feed) as server:
        text = Browser(server).enter().ask("/calls").text  # type: ignore[attr-defined]
    assert text.endswith('data: {"id": 1}\n\nevent: end\ndata: {}\n\n')
