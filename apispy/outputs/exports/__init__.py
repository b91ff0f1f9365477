"""Exporters: decoded calls to a file for another program or for people. Each format is one self-registering file.

To add a format, add a file to this folder; nothing else has to change.
"""

import importlib
import pkgutil

from apispy.outputs.exports.base import EXPORTERS, Exporter, exporter, for_file

# An import error is raised here: otherwise its format would be missing silently.
for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["EXPORTERS", "Exporter", "exporter", "for_file"]
