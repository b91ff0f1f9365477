"""From bytes to Items: one short file for each wire format, which registers itself.

A new format is a new file in this folder; nothing else has to know of it.
"""

import importlib
import pkgutil

from apispy.decoders.base import DECODERS, PAYLOAD_FREE, Decoder
from apispy.decoders.choice import choose
from apispy.decoders.compression import Compressed
from apispy.decoders.header_values import of_header, of_parameter

# A module that cannot be imported is a fault to hear of at once, not a format that is quietly missing.
for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")


def make(name: str) -> Decoder:
    """A new decoder for the format called *name*, or for one that is compressed: "json in gzip".

    For an unknown one, the decoder that only counts.
    """
    name, _, coding = name.partition(" in ")
    inner = DECODERS.get(name, DECODERS["opaque"])()
    return Compressed(coding, inner) if coding else inner


__all__ = ["DECODERS", "PAYLOAD_FREE", "Decoder", "choose", "make", "of_header", "of_parameter"]
