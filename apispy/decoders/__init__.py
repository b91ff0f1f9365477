"""From bytes to Items: one short file for each wire format, which registers itself.

A new format is a new file in this folder; nothing else has to know of it.
"""

import importlib
import pkgutil

from apispy.decoders.base import DECODERS, DISCREET, Decoder
from apispy.decoders.choice import choose

# A module that cannot be imported is a fault to hear of at once, not a format that is quietly missing.
for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")


def make(name: str) -> Decoder:
    """A new decoder for the format called *name*; for an unknown one, the decoder that only counts."""
    return DECODERS.get(name, DECODERS["opaque"])()


__all__ = ["DECODERS", "DISCREET", "Decoder", "choose", "make"]
