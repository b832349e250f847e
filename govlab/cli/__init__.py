"""The command line: verb first, text for people, `--json` for machines.

Exit codes: 0 fine, 1 a gate failed, 2 usage or invalid bundle, log or input, 3 internal error.
"""

from govlab.cli.main import main

__all__ = ["main"]
