"""Where the policies, datasets and notebooks shipped with govlab are: wheel or checkout."""

from __future__ import annotations

from pathlib import Path

__all__ = ["shipped"]

_PACKAGE = Path(__file__).parent


def shipped(what: str) -> Path:
    """The folder `policies`, `datasets` or `notebooks` of this installation.

    >>> (shipped("policies") / "prod-safety" / "bundle.yaml").is_file()
    True
    """
    wheel = _PACKAGE / "_bundled" / what
    return wheel if wheel.is_dir() else _PACKAGE.parent / what
