"""The suite's own tests. Its programs, as `python -m tests.docs`, find the sources as pytest does by `pythonpath`."""

import sys
from pathlib import Path

_SOURCES = str(Path(__file__).parents[1] / "fixtures")
if _SOURCES not in sys.path:
    sys.path.insert(0, _SOURCES)
