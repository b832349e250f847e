"""The public names: few, there, and had without importing what they do not need."""

from __future__ import annotations

import subprocess
import sys

import govlab


def test_the_public_names_are_few_and_there() -> None:
    assert len(govlab.__all__) <= 20
    assert sorted(govlab.__all__) == govlab.__all__ == dir(govlab)
    assert all(getattr(govlab, name).__doc__ for name in govlab.__all__)


def test_importing_the_package_imports_no_table_library() -> None:
    heavy = "polars", "altair", "pyarrow"
    said = f"import sys, govlab; print([n for n in {heavy} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
