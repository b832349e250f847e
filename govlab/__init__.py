"""govlab: backtesting for agent policy.

Read what agents did (`scan_log`), decide it all again under candidate rules (`load_bundle`,
`replay`), see why (`explain`). The pipeline is the directory listing:

    log/       native logs -> one action log           lang/      CEL: text -> checked tree
    bundle/    YAML -> typed bundle with a digest      plan/      what is left to decide, combining
    runtime/   values, functions, states of attributes backends/  reference (the oracle), columnar,
                                                                  scalar
    selection/ which events of a log are reported      replays/   log x plan -> decisions, counts
    inspection/ what a log can answer                  kpi/       figures as data
    assess/    figures -> scorecard, maturity          report/    what people see
    synthesis/ profile -> a log of any size            registry/  versions, what was in force
    fidelity/  recorded decisions against replayed     incident/  one incident, on one page
    cube/      a log, reduced exactly                  sweeps/    values of params, the trade-off
    exporting/ bundle -> one file that decides         serving/   AuthZEN over HTTP, the log of it
    history/   what earlier events add up to           enforcing/ budgets, approvals, guarded calls
    scheduled/ a scorecard, night after night          drifting/  what changed in a log, and when
    hooking/   a coding agent's hook, as a process

>>> import govlab
>>> govlab.load_bundle("prod-safety").name
'prod-safety'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from govlab.assess.making import scorecard
    from govlab.bundle import Bundle, load_bundle, load_rule
    from govlab.drifting import drift
    from govlab.errors import BundleError, GovlabError, LogError, UsageError
    from govlab.explanation import explain
    from govlab.exporting import export_engine
    from govlab.inspection import inspect_log
    from govlab.log import ingest, scan_log, scan_runs
    from govlab.replays import Replay, replay, replay_many
    from govlab.sweeps import sweep
    from govlab.synthesis import synth

__all__ = [
    "Bundle",
    "BundleError",
    "GovlabError",
    "LogError",
    "Replay",
    "UsageError",
    "drift",
    "explain",
    "export_engine",
    "ingest",
    "inspect_log",
    "load_bundle",
    "load_rule",
    "replay",
    "replay_many",
    "scan_log",
    "scan_runs",
    "scorecard",
    "sweep",
    "synth",
]

_HOMES = {
    "govlab.assess": ("scorecard",),
    "govlab.bundle": ("Bundle", "load_bundle", "load_rule"),
    "govlab.drifting": ("drift",),
    "govlab.errors": ("BundleError", "GovlabError", "LogError", "UsageError"),
    "govlab.explanation": ("explain",),
    "govlab.exporting": ("export_engine",),
    "govlab.inspection": ("inspect_log",),
    "govlab.log": ("ingest", "scan_log", "scan_runs"),
    "govlab.replays": ("Replay", "replay", "replay_many"),
    "govlab.sweeps": ("sweep",),
    "govlab.synthesis": ("synth",),
}


def __getattr__(name: str) -> Any:
    """A public name, imported when it is first used: `import govlab` itself stays light."""
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module 'govlab' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
