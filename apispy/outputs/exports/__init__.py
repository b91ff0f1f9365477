"""From readings to a file for another program or person: one short file for each format, which registers itself.

A new format is a new file in this folder; nothing else has to know of it.
"""

import importlib
import pkgutil

from apispy.outputs.exports.base import EXPORTERS, Exporter, exporter, for_file

# A module that cannot be imported is a fault to hear of at once, not a format that is quietly missing.
for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["EXPORTERS", "Exporter", "exporter", "for_file"]
