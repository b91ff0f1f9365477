"""Strategies for streams: valid ones for each decoder, and the same truncated, corrupted or concatenated."""

import base64
import bz2
import gzip
import io
import json
import lzma
import sys
import tarfile
import zlib
from collections.abc import Callable

from hypothesis import strategies as st

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TEXTS = st.text(max_size=12)
NAMES = st.sampled_from(
    ["id", "status", "error", "k", "Name", "username", "password", "cpu_stats", "memory_stats"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | TEXTS, inner, max_size=4),
    max_leaves=8,
)
COUNTERS = st.integers(0, 1 << 70) | JSON
USAGE = st.fixed_dictionaries(
    {"cpu_usage": st.fixed_dictionaries({"total_usage": COUNTERS, "percpu_usage": JSON})},
    optional={"system_cpu_usage": COUNTERS, "online_cpus": COUNTERS},
)
SAMPLES = st.fixed_dictionaries(
    {"cpu_stats": USAGE, "precpu_stats": USAGE},
    optional={
        "memory_stats": st.fixed_dictionaries(
            {"usage": COUNTERS, "stats": st.fixed_dictionaries({"inactive_file": COUNTERS})}
        ),
        "networks": st.dictionaries(TEXTS, st.fixed_dictionaries({"rx_bytes": COUNTERS})) | JSON,
        "num_procs": COUNTERS,
        "read": TEXTS | st.just("2024-01-01T00:00:01.123456789Z"),
        "preread": st.sampled_from(["2024-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "2024-01-01T00:00:00"]),
        "blkio_stats": st.fixed_dictionaries({"io_service_bytes_recursive": JSON}),
    },
)


def dumped(value: object) -> bytes:
    return json.dumps(value).encode()


def lines(values: st.SearchStrategy[object]) -> st.SearchStrategy[bytes]:
    """Join values with one of the separators."""
    separators = st.sampled_from([b"\n", b"\r\n", b"", b"\n\x1e", b" "])
    return st.builds(
        lambda many, by: by.join(map(dumped, many)) + by, st.lists(values, max_size=6), separators
    )


def frame(kind: int, payload: bytes) -> bytes:
    return bytes([kind, 0, 0, 0]) + len(payload).to_bytes(4) + payload


def websocket_frame(first: int, payload: bytes, mask: bytes) -> bytes:
    size = len(payload)
    masked = 0x80 if mask else 0
    head = bytes([first, masked | size]) if size < 126 else bytes([first, masked | 126]) + size.to_bytes(2)
    if mask:
        payload = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
    return head + mask + payload


def archive(members: list[tuple[str, int]], form: int) -> bytes:
    """Build a tar archive of files of zeros by name and size."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as tar:
        for name, size in members:
            info = tarfile.TarInfo(name)
            info.size = size
            tar.addfile(info, io.BytesIO(bytes(size)))
    return out.getvalue()


COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstd.compress,
}
ARCHIVES = st.builds(
    archive,
    st.lists(
        st.tuples(st.sampled_from(["a", "etc/ü", "x" * 120, "d/" * 150]), st.integers(0, 1500)), max_size=5
    ),
    st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]),
)
FRAMES = st.lists(st.builds(frame, st.integers(0, 3), st.binary(max_size=20)), max_size=6).map(b"".join)
WEBSOCKET = st.lists(
    st.builds(
        websocket_frame,
        st.sampled_from([0x81, 0x82, 0x01, 0x00, 0x80, 0x88, 0x89, 0x8A, 0xC1]),
        st.binary(max_size=125) | st.binary(min_size=126, max_size=200),
        st.just(b"") | st.binary(min_size=4, max_size=4),
    ),
    max_size=5,
).map(b"".join)
BASE64 = st.sampled_from(
    [base64.b64encode, base64.urlsafe_b64encode, lambda data: base64.b64encode(data).rstrip(b"=")]
)
ACCOUNTS = st.dictionaries(
    st.sampled_from(["username", "Password", "auth", "serveraddress", "other"]), TEXTS | JSON
)

VALID: dict[str, st.SearchStrategy[bytes]] = {
    "events": lines(JSON),
    "event-stream": st.lists(
        st.tuples(
            st.sampled_from(
                (b"data: %b", b"event: a\ndata:%b", b": %b", b"id: 1\r\ndata: %b", b"data: %b\rdata: 2")
            ),
            st.sampled_from((b"\n\n", b"\r\n\r\n", b"\r\r", b"\n\r")),
            JSON.map(dumped),
        ),
        max_size=5,
    ).map(lambda events: b"".join(form % data + end for form, end, data in events)),
    "progress": lines(
        st.fixed_dictionaries(
            {}, optional=dict.fromkeys(("id", "status", "stream", "aux", "error", "errorDetail"), JSON)
        )
    ),
    "stats": lines(SAMPLES),
    "json": lines(JSON),
    "json-lines": lines(JSON),
    "stdio": FRAMES,
    "frames": FRAMES,
    "websocket": WEBSOCKET,
    "tar": ARCHIVES
    | st.builds(lambda name, data: COMPRESSORS[name](data), st.sampled_from(sorted(COMPRESSORS)), ARCHIVES),
    "registry-auth": st.builds(lambda by, value: by(dumped(value)), BASE64, ACCOUNTS | JSON),
    "registry-config": st.builds(
        lambda by, value: by(dumped(value)), BASE64, st.dictionaries(TEXTS, ACCOUNTS) | JSON
    ),
    "path-stat": st.builds(
        lambda mode, rest: base64.b64encode(dumped({"mode": mode} | rest)),
        COUNTERS,
        st.dictionaries(NAMES, JSON),
    ),
}
"""Strategies by decoder; a decoder without one gets a single JSON value."""


def corrupt(data: bytes, at: int, piece: bytes) -> bytes:
    """Overwrite part of *data* with *piece*."""
    at %= len(data) + 1
    return data[:at] + piece + data[at + len(piece) :]


def streams(name: str) -> st.SearchStrategy[bytes]:
    """Generate valid, truncated, corrupted and concatenated streams, and noise."""
    coded, _, coding = name.partition(" in ")
    valid = VALID.get(coded, JSON.map(dumped))
    if coding:
        valid = valid.map(COMPRESSORS[coding])
    cut = st.builds(lambda data, at: data[: at % (len(data) + 1)], valid, st.integers(0, 5000))
    corrupted = st.builds(corrupt, valid, st.integers(0, 5000), st.binary(min_size=1, max_size=3))
    noise = st.binary(max_size=200)
    return st.one_of(valid, cut, corrupted, noise, st.lists(valid | noise, max_size=3).map(b"".join))
