"""A Python function that is called only where an exported engine permits it.

govlab export gate.yaml --out engine
python governed_function.py engine
"""

import sys
from pathlib import Path

from govlab.enforcing import DeniedError, HeldError, governed
from govlab.exporting import verified_engine

engine = verified_engine(Path(sys.argv[1]))


@governed(engine.module, attributes={"actor": "tidy-bot", "principal": "kim@example.com"})
def delete_file(path: str) -> str:
    """Stands for what would really delete."""
    return f"deleted {path}"


for path in ("/srv/a.txt", "/etc/passwd", "/srv/keep/2025.csv", "/home/kim/a.txt"):
    try:
        print(delete_file(path))
    except (DeniedError, HeldError) as error:
        print(f"{path}: {error}")
