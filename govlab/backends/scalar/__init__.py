"""The scalar engine: a plan as Python source, run one event at a time.

The path of a plan: `targets` (which policies a text finds), `conditions` and `regions` (trees as
functions), `program` (the module's text), `engine` (the text run). `support` and `fields` are what
generated code calls besides `runtime`: an exported engine carries all three.
"""

from govlab.backends.scalar.engine import Engine, compile_condition, compile_engine
from govlab.backends.scalar.program import generate, generate_condition

__all__ = ["Engine", "compile_condition", "compile_engine", "generate", "generate_condition"]
