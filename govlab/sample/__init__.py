"""The bundled dataset: six invented weeks of one organisation's agents, made by a seeded recipe.

`facts.py` says who works there and what they call, `runs.py` turns that into runs, `fate.py` says
what became of each call once it was decided, `snapshots.py` has the earlier policies it was decided
by. Nothing here is measured from a real organisation except the rates that `facts.py` names.
"""

from govlab.sample.recipe import SEED, Sample, generate
from govlab.sample.write import write_sample

__all__ = ["SEED", "Sample", "generate", "write_sample"]
