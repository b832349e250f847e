"""An engine's text run as a module, under a name of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from types import ModuleType
from typing import Any

__all__ = ["Exported", "open_engine"]


@dataclass(frozen=True, slots=True)
class Exported:
    """An engine that was loaded: its functions, its bundle's digest, and the module itself."""

    decide: Callable[..., Any]
    admit: Callable[..., Any]
    digest: str
    module: ModuleType
    bundle: bytes = b""  # `bundle.json`, where it was verified beside the engine


def open_engine(source: str) -> Exported:
    """The engine with the text `source`, as a module whose name its bytes decide.

    The text is run as it is: check it before, as `verified_engine` does.
    """
    name = f"govlab_engine_{sha256(source.encode()).hexdigest()[:16]}"
    module = ModuleType(name)
    sys.modules[name] = module  # dataclasses look their module up
    exec(compile(source, f"<{name}>", "exec"), module.__dict__)  # noqa: S102  # the file that production runs
    return Exported(module.decide, module.admit, module.DIGEST, module)
