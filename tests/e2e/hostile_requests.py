"""Requests that two parsers may interpret differently, or that may break a parser."""

from .http_calls import TARGET, head


def _post(*lines: bytes, body: bytes = b"") -> bytes:
    return head(b"POST " + TARGET + b" HTTP/1.1", b"Host: docker", *lines) + body


SMUGGLED = b"GET /_ping HTTP/1.1\r\nHost: docker\r\n\r\n"
GET = b"GET " + TARGET

HOSTILE_REQUESTS = {
    "both lengths": _post(b"Content-Length: 6", b"Transfer-Encoding: chunked", body=b"0\r\n\r\nG") + SMUGGLED,
    "both, other order": _post(b"Transfer-Encoding: chunked", b"Content-Length: 0", body=b"2\r\n{}\r\n0\r\n\r\n"),
    "two lengths": _post(b"Content-Length: 2", b"Content-Length: 3", body=b"{}") + SMUGGLED,
    "two equal lengths": _post(b"Content-Length: 2", b"Content-Length: 2", body=b"{}") + SMUGGLED,
    "a list of lengths": _post(b"Content-Length: 2, 2", body=b"{}") + SMUGGLED,
    "length with a sign": _post(b"Content-Length: +2", body=b"{}") + SMUGGLED,
    "length with a space": _post(b"Content-Length : 2", body=b"{}") + SMUGGLED,
    "negative length": _post(b"Content-Length: -1") + SMUGGLED,
    "length in hexadecimal": _post(b"Content-Length: 0x2", body=b"{}") + SMUGGLED,
    "length of 30 digits": _post(b"Content-Length: " + b"9" * 30, body=b"{}"),
    "empty length": _post(b"Content-Length:", body=b"") + SMUGGLED,
    "body of a GET": head(GET + b" HTTP/1.1", b"Host: docker", b"Content-Length: 2") + b"{}" + SMUGGLED,
    "unknown coding": _post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n") + SMUGGLED,
    "capitalized coding": _post(b"Transfer-Encoding: Chunked", body=b"2\r\n{}\r\n0\r\n\r\n") + SMUGGLED,
    "two codings": _post(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n") + SMUGGLED,
    "coding twice": _post(*[b"Transfer-Encoding: chunked"] * 2, body=b"0\r\n\r\n") + SMUGGLED,
    "identity": _post(b"Transfer-Encoding: identity", b"Content-Length: 2", body=b"{}") + SMUGGLED,
    "coding with a tab": _post(b"Transfer-Encoding:\tchunked", body=b"0\r\n\r\n") + SMUGGLED,
    "coding with VT": _post(b"Transfer-Encoding: \x0bchunked", body=b"0\r\n\r\n") + SMUGGLED,
    "folded coding": _post(b"Transfer-Encoding:\r\n chunked", body=b"0\r\n\r\n") + SMUGGLED,
    "coding in HTTP/1.0": head(b"POST " + TARGET + b" HTTP/1.0", b"Transfer-Encoding: chunked") + b"0\r\n\r\n",
    "chunk size with a sign": _post(b"Transfer-Encoding: chunked", body=b"+2\r\n{}\r\n0\r\n\r\n") + SMUGGLED,
    "chunk size in 0x": _post(b"Transfer-Encoding: chunked", body=b"0x2\r\n{}\r\n0\r\n\r\n") + SMUGGLED,
    "chunk size of 20 digits": _post(b"Transfer-Encoding: chunked", body=b"F" * 20 + b"\r\n{}\r\n"),
    "chunk longer than its size": _post(b"Transfer-Encoding: chunked", body=b"1\r\n{}\r\n0\r\n\r\n") + SMUGGLED,
    "chunk ends with LF": _post(b"Transfer-Encoding: chunked", body=b"2\n{}\n0\n\n") + SMUGGLED,
    "space before an extension": _post(b"Transfer-Encoding: chunked", body=b"2 ;x\r\n{}\r\n0\r\n\r\n") + SMUGGLED,
    "LF in an extension": _post(b"Transfer-Encoding: chunked", body=b"2;a\nb\r\n{}\r\n0\r\n\r\n") + SMUGGLED,
    "length in a trailer": _post(b"Transfer-Encoding: chunked", body=b"0\r\nContent-Length: 5\r\n\r\n") + SMUGGLED,
    "bare LF": GET + b" HTTP/1.1\nHost: docker\n\n" + SMUGGLED,
    "bare CR": GET + b" HTTP/1.1\rHost: docker\r\r",
    "CR in a value": head(GET + b" HTTP/1.1", b"Host: docker", b"X: a\rContent-Length: 40") + SMUGGLED,
    "NUL in a value": head(GET + b" HTTP/1.1", b"Host: docker", b"X: a\0b") + SMUGGLED,
    "NUL in a name": head(GET + b" HTTP/1.1", b"Host: docker", b"X\0: b") + SMUGGLED,
    "space before the first header": GET + b" HTTP/1.1\r\n Host: docker\r\n\r\n" + SMUGGLED,
    "space in a name": head(GET + b" HTTP/1.1", b"Host: docker", b"X Y: b") + SMUGGLED,
    "name without a colon": head(GET + b" HTTP/1.1", b"Host: docker", b"nonsense") + SMUGGLED,
    "empty name": head(GET + b" HTTP/1.1", b"Host: docker", b": b") + SMUGGLED,
    "two hosts": head(GET + b" HTTP/1.1", b"Host: docker", b"Host: localhost") + SMUGGLED,
    "no host": head(GET + b" HTTP/1.1") + SMUGGLED,
    "folded value": head(GET + b" HTTP/1.1", b"Host: docker", b"X: a\r\n\tb") + SMUGGLED,
    "absolute form": head(b"GET http://other.test" + TARGET + b" HTTP/1.1", b"Host: docker") + SMUGGLED,
    "CONNECT": head(b"CONNECT docker:80 HTTP/1.1", b"Host: docker") + SMUGGLED,
    "asterisk": head(b"OPTIONS * HTTP/1.1", b"Host: docker") + SMUGGLED,
    "space in the target": head(GET + b" b HTTP/1.1", b"Host: docker") + SMUGGLED,
    "two spaces": head(GET + b"  HTTP/1.1", b"Host: docker") + SMUGGLED,
    "bytes above 127 in the target": head(GET + b"\xff\xc3\xa4 HTTP/1.1", b"Host: docker") + SMUGGLED,
    "escape in the target": head(GET + b"%0d%0aX:%20y HTTP/1.1", b"Host: docker") + SMUGGLED,
    "HTTP/0.9": GET + b"\r\n",
    "HTTP/1.2": head(GET + b" HTTP/1.2", b"Host: docker") + SMUGGLED,
    "HTTP/2.0": head(GET + b" HTTP/2.0", b"Host: docker") + SMUGGLED,
    "http in lower case": head(GET + b" http/1.1", b"Host: docker") + SMUGGLED,
    "no method": head(b" " + TARGET + b" HTTP/1.1", b"Host: docker") + SMUGGLED,
    "method in lower case": head(b"get " + TARGET + b" HTTP/1.1", b"Host: docker") + SMUGGLED,
    "method with unusual characters": head(b"G(T " + TARGET + b" HTTP/1.1", b"Host: docker") + SMUGGLED,
    "empty lines before": b"\r\n\r\n\n" + head(GET + b" HTTP/1.1", b"Host: docker") + SMUGGLED,
    "100 kB of header": head(GET + b" HTTP/1.1", b"Host: docker", b"X: " + b"h" * 100_000) + SMUGGLED,
    "2 MB of header": head(GET + b" HTTP/1.1", b"Host: docker", b"X: " + b"h" * 2_000_000) + SMUGGLED,
    "5,000 headers": head(GET + b" HTTP/1.1", b"Host: docker", *[b"X: %d" % n for n in range(5000)]) + SMUGGLED,
    "upgrade and a body": _post(b"Connection: Upgrade", b"Upgrade: tcp", b"Content-Length: 2", body=b"{}") + SMUGGLED,
    "upgrade to h2c": head(
        GET + b" HTTP/1.1", b"Host: docker", b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"
    ) + SMUGGLED,
    "HTTP/2 with prior knowledge": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]),
    "TLS": b"\x16\x03\x01\x00\x05hello",
}  # fmt: skip
