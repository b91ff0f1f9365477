"""Who may read the page: token, cookie, Host, Origin, methods."""

import re

import pytest

from apispy.app.web import Access
from apispy.app.web.access import Answer, WebRequest
from apispy.errors import UsageError

PORT = 4321


def request(
    target: str = "/", method: str = "GET", host: str = f"127.0.0.1:{PORT}", **fields: str
) -> WebRequest:
    path, _, query = target.partition("?")
    named = tuple(
        (name.lower().replace("_", "-").encode(), value.encode("latin-1")) for name, value in fields.items()
    )
    return WebRequest(method, path, query, ((b"host", host.encode()), *named))


def access(**options: bool) -> Access:
    return Access("127.0.0.1", PORT, **options)


def token_target(has: Access) -> str:
    return "/?" + has.url.partition("?")[2]


def cookie_of(answer: Answer | None) -> str:
    assert answer is not None
    return dict(answer.headers)["Set-Cookie"].partition(";")[0]


def status(has: Access, asked: WebRequest) -> int | None:
    """None if it may read."""
    answer = has.refusal(asked)
    return answer and answer.status


def entered(has: Access) -> str:
    return cookie_of(has.refusal(request(token_target(has))))


def test_the_token_becomes_a_cookie_and_leaves_the_address():
    has = access()
    answer = has.refusal(request(token_target(has)))
    assert answer is not None
    headers = dict(answer.headers)
    assert (answer.status, headers["Location"]) == (303, "/")
    name, value = re.fullmatch(
        r"(\S+)=(\S+); HttpOnly; SameSite=Strict; Path=/", headers["Set-Cookie"]
    ).groups()  # type: ignore[union-attr]
    assert name == f"apispy-{PORT}"
    assert value not in has.url
    assert status(has, request(cookie=f"other=1; {name}={value}")) is None


def test_with_the_cookie_the_token_still_leaves_the_address():
    has = access()
    assert status(has, request("/?token=odd", cookie=entered(has))) == 303


def test_tokens_and_cookies_are_random_and_long():
    made = [access() for _ in range(20)]
    tokens = {one.url.partition("token=")[2] for one in made}
    cookies = {entered(one) for one in made}
    assert len(tokens) == len(cookies) == 20
    assert all(len(token) == 32 for token in tokens)


@pytest.mark.parametrize(
    "target",
    ["/", "/calls", "/?token=", "/?token=x", "/?token=é", "/?token={0}&token={0}", "/calls?token={0}",
     "/?" + "a=1&" * 100 + "token={0}", "/?token={0}x", "/?Token={0}"],
)  # fmt: skip
def test_without_token_and_cookie_nothing_is_read(target: str):
    has = access()
    token = has.url.partition("token=")[2]
    assert status(has, request(target.format(token))) == 403
    assert status(has, request(target.format(token), cookie=f"apispy-{PORT}=x; apispy-1={token}")) == 403


def test_the_token_is_not_the_cookie():
    has = access()
    assert status(has, request(cookie=f"apispy-{PORT}={has.url.partition('token=')[2]}")) == 403


@pytest.mark.parametrize(
    "host",
    ["", "127.0.0.1", "127.0.0.1:80", f"evil.example:{PORT}", f"127.0.0.1.evil.example:{PORT}", f"localhost.:{PORT}",
     f"127.0.0.2:{PORT}", f"[::1]:{PORT}", f"a@127.0.0.1:{PORT}", f"127.0.0.1:{PORT}\xff"],
)  # fmt: skip
def test_a_name_that_was_rebound_to_this_machine_is_refused(host: str):
    has = access()
    assert status(has, request(token_target(has), host=host)) == 403
    assert status(has, request(host=host, cookie=entered(has))) == 403


def test_two_hosts_or_none_are_refused():
    has = access()
    cookie = (b"cookie", entered(has).encode())
    host = (b"host", f"127.0.0.1:{PORT}".encode())
    assert status(has, WebRequest("GET", "/", "", (host, host, cookie))) == 403
    assert status(has, WebRequest("GET", "/", "", (cookie,))) == 403
    assert status(has, WebRequest("GET", "/", "", (host, cookie))) is None


@pytest.mark.parametrize("host", [f"localhost:{PORT}", f"LOCALHOST:{PORT}", f"127.0.0.1:{PORT}"])
def test_its_own_names_are_accepted(host: str):
    has = access()
    assert status(has, request(host=host, cookie=entered(has))) is None
    assert status(has, request(host=host, cookie=entered(has), origin=f"http://{host}")) is None


def test_ipv6_has_brackets():
    has = Access("::1", PORT)
    assert has.url.startswith(f"http://[::1]:{PORT}/?token=")
    assert status(has, request(token_target(has), host=f"[::1]:{PORT}")) == 303
    assert status(has, request(token_target(has), host=f"127.0.0.1:{PORT}")) == 403


def test_port_80_need_not_be_named():
    has = Access("127.0.0.1", 80)
    assert status(has, request(token_target(has), host="localhost")) == 303


@pytest.mark.parametrize(
    "fields",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": f"https://127.0.0.1:{PORT}"},
        {"origin": "http://127.0.0.1:9999"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
    ],
)
def test_a_page_of_another_site_is_refused(fields: dict[str, str]):
    """Also one of another port of this machine: it gets the cookie, as of the same site."""
    has = access()
    assert status(has, request("/calls", cookie=entered(has), **fields)) == 403
    assert status(has, request(token_target(has), **fields)) == 403


@pytest.mark.parametrize("site", ["none", "same-origin"])
def test_the_users_own_request_is_accepted(site: str):
    has = access()
    assert status(has, request("/calls", cookie=entered(has), sec_fetch_site=site)) is None


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "get", "CONNECT"])
def test_nothing_can_be_changed(method: str):
    has = access()
    answer = has.refusal(request("/", method, cookie=entered(has)))
    assert answer is not None
    assert (answer.status, dict(answer.headers)) == (405, {"Allow": "GET, HEAD"})


def test_a_token_may_be_good_once():
    has = access(single_use=True)
    target = token_target(has)
    assert status(has, request(target, "HEAD")) == 303
    assert status(has, request(target)) == 303
    assert status(has, request(target)) == 403
    many = access()
    assert [status(many, request(token_target(many))) for _ in range(2)] == [303, 303]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "localhost", "example.com", ""])
def test_only_loopback(host: str):
    with pytest.raises(UsageError, match="not an address of loopback"):
        Access(host, PORT)


def test_a_refusal_is_a_sentence_without_what_was_sent():
    answer = access().refusal(request("/<script>", host="<b>evil"))
    assert answer is not None
    assert answer.content_type.startswith("text/plain")
    assert b"<" not in answer.body


def test_a_refusal_says_what_to_do():
    answer = access().refusal(request())
    assert answer is not None
    assert answer.body.endswith(b"Open the address that apispy printed.\n")
    answer = Access("127.0.0.1", PORT, remedy="Type it again.").refusal(request())
    assert answer is not None
    assert answer.body.endswith(b"of apispy. Type it again.\n")
