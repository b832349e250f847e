"""Asked by Claude Code before each tool use: the engine in this folder decides.

Written by `govlab hook install`; standard library only. Whatever goes wrong blocks the call (exit
code 2), but lets it go ahead in monitor mode.
"""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def load(name: str, *place: str) -> Any:
    """The module in the file at `place` in this folder, under `name`."""
    spec = spec_from_file_location(name, HERE.joinpath(*place))
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def main(arguments: list[str]) -> int:
    """The exit code: 0, with an answer or none, or 2, which blocks the call."""
    sys.pycache_prefix = str(HERE / "cache")  # not beside the engine, whose folder is verified
    try:
        code = load("govlab_caller", "caller.py").main(HERE, load, arguments)
    except Exception as error:  # noqa: BLE001  # any other exit code than 2 would let the call go
        sys.stderr.write(f"govlab: the hook failed: {type(error).__name__}\n")
        return 0 if "--monitor" in arguments else 2
    return int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
