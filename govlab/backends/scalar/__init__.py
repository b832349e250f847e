"""The scalar engine: a plan as Python source, run one event at a time.

The path of a plan: `conditions` and `regions` (trees as functions), `scopes` and `targets` (tables:
what is read, which policies a text finds), `program` (the module's text), `engine` (the text run).
`support`, `fields`, `policies`, `attributes`, `features` and `joins` are what generated code calls
besides `runtime`, `recall` adds events to a ledger: an exported engine carries them too.
"""

from govlab.backends.scalar.engine import Engine, compile_condition, compile_engine
from govlab.backends.scalar.program import generate, generate_condition

__all__ = ["Engine", "compile_condition", "compile_engine", "generate", "generate_condition"]
