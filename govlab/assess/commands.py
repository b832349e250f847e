"""The commands that show a reader the rows behind a number, as the run that gave it was asked."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final

from govlab.selection import Selection

__all__ = ["Asking"]

_FILTERS: Final = ("since", "until", "last", "as_of")


@dataclass(frozen=True, slots=True)
class Asking:
    """The log as a command line names it, the filters, and the registry's and the org's paths."""

    log: str = "LOG"
    selection: Selection = field(default_factory=Selection)
    registry: str | None = None
    org: str | None = None

    def events(self, figure: str | None = None, side: str = "numerator") -> str:
        """The command that lists the events behind a side of a figure, or all that are asked for.

        >>> Asking("log", Selection(where="cost > 1.0")).events("audit.who_runs", "rest")
        "govlab events log --figure audit.who_runs --side rest --where 'cost > 1.0'"
        """
        words = ["events", self.log]
        if figure is not None:
            words += ["--figure", figure, "--side", side]
            words += ["--registry", self.registry] if self.registry else []
        return self._command(*words, *(["--org", self.org] if self.org else []), *self._filters())

    def for_others(self) -> Asking:
        """The same where paths of this machine mean nothing: in a document that is sent on."""
        registry, org = self.registry and "DIR", self.org and "FILE"
        return replace(self, log="LOG", registry=registry, org=org)

    def retention(self) -> str:
        """The command that tells how far events reach back."""
        return self._command("audit", "retention", self.log, *self._filters())

    def fidelity(self) -> str:
        """The command that decides again under each recorded snapshot, of the whole log."""
        return self._command("fidelity", self.log, "--registry", self.registry or "DIR")

    def verify(self, *options: str) -> str:
        """The command that checks the chain of the whole log."""
        return self._command("audit", "verify", self.log, *options)

    def _filters(self) -> Iterator[str]:
        for name in _FILTERS:
            value = getattr(self.selection, name)
            if value is not None:
                yield from (f"--{name.replace('_', '-')}", _written(value))
        if self.selection.tz != "UTC":
            yield from ("--tz", self.selection.tz)
        if self.selection.where is not None:
            yield from ("--where", self.selection.where)

    @staticmethod
    def _command(*words: str) -> str:
        return shlex.join(["govlab", *words])


def _written(value: str | date | datetime) -> str:
    return value if isinstance(value, str) else value.isoformat()
