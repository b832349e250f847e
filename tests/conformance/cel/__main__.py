"""`python -m tests.conformance.cel FILE --backend NAME [--lifted] [--json]`.

Runs CEL's conformance vectors. Exit code 0 where they ran, whatever came of it; 2 for a wrong
argument or a back-end that this checkout does not have.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tests.conformance.cel.engines import ENGINES, engine
from tests.conformance.cel.vectors import read_file
from tests.conformance.cel.verdicts import judge, report


def main(arguments: list[str] | None = None) -> int:
    parser = _parser()
    given = parser.parse_args(arguments)
    if not given.file.is_file():
        parser.error(f"no such file `{given.file}`")
    run = engine(given.backend)
    if run is None:
        print(f"back-end `{given.backend}` is not available in this checkout", file=sys.stderr)  # noqa: T201 - a command
        return 2
    file = read_file(given.file, lifted=given.lifted)
    found = report(judge(file.vectors, run), file)
    print(json.dumps(found, indent=1) if given.json else _text(found))  # noqa: T201 - a command
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.cel", description=__doc__)
    parser.add_argument("file", type=Path, help="vectors, as cel-public.json")
    parser.add_argument("--backend", choices=ENGINES, default="reference")
    parser.add_argument("--lifted", action="store_true", help="literals as columns of one frame")
    parser.add_argument("--json", action="store_true")
    return parser


def _text(found: dict[str, Any]) -> str:
    skipped = found["not_counted"]
    lines = [f"{found[r]} {r}" for r in ("passed", "wrong", "refused")]
    lines.append(f"{skipped['count']} not counted: {skipped['reason']}")
    for library, counts in found["libraries"].items():
        lines.append(f"{library}: {', '.join(f'{n} {r}' for r, n in counts.items())}")
    cases = [c for c in found["cases"] if c["result"] != "passed"]
    return "\n".join([*lines, *(f"{c['result']:8}{c['id']}: {c['detail']}" for c in cases)])


if __name__ == "__main__":
    sys.exit(main())
