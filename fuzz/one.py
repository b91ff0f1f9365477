"""python -m fuzz.one TARGET [OPTION OF LIBFUZZER ...] CORPUS: fuzz one target in this process."""

import logging
import sys

import atheris

with atheris.instrument_imports(include=["apispy"]):
    from fuzz.targets import TARGETS

logging.disable(logging.CRITICAL)  # the assertion already reports what would be logged
name = sys.argv.pop(1)
atheris.Setup(sys.argv, TARGETS[name])
atheris.Fuzz()
