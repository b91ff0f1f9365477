"""The measures; each short file registers its own."""

import importlib
import pkgutil

from bench.measures.registry import MEASURES, Measure

for found in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{found.name}")

__all__ = ["MEASURES", "Measure"]
