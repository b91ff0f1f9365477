"""python -m fuzz.one TARGET [OPTION OF LIBFUZZER ...] CORPUS: fuzz one target, here."""

import logging
import sys

import atheris

with atheris.instrument_imports(include=["apispy"]):
    from fuzz.targets import TARGETS

logging.disable(logging.CRITICAL)  # what is logged of a fault is told by the assertion
name = sys.argv.pop(1)
atheris.Setup(sys.argv, TARGETS[name])
atheris.Fuzz()
