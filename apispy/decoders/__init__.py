"""Decoders: bytes to Items. Each wire format has one short file, which registers itself.

To add a format, add a file to this package; no other file needs to change.
"""

import importlib
import pkgutil

from apispy.decoders.base import DECODERS, REDACTED_BY_ITEM, Decoder
from apispy.decoders.choice import choose
from apispy.decoders.compression import Compressed
from apispy.decoders.grpc_body import GrpcBody
from apispy.decoders.grpc_context import GrpcContext
from apispy.decoders.grpc_session import GrpcSession
from apispy.decoders.h2c import H2c
from apispy.decoders.header_values import decode_header, decode_parameter

# An import error must surface at once, rather than leave a format missing.
for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")


def make(name: str, grpc: GrpcContext | None = None) -> Decoder:
    """Make a decoder for the format *name*, or for a compressed one: "json in gzip".

    An unknown format gets the decoder "opaque", which only counts bytes. *grpc*: what a decoder of gRPC has to know.
    """
    name, _, coding = name.partition(" in ")
    inner = DECODERS.get(name, DECODERS["opaque"])()
    if grpc is not None and isinstance(inner, H2c | GrpcBody | GrpcSession):
        inner.join(grpc)
    return Compressed(coding, inner) if coding else inner


__all__ = [
    "DECODERS",
    "REDACTED_BY_ITEM",
    "Decoder",
    "GrpcContext",
    "choose",
    "decode_header",
    "decode_parameter",
    "make",
]
