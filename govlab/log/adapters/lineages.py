"""What stands above each span of some traces: agents, columns that are inherited, the run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import repeat
from typing import Any, Final

from govlab.log.adapters.span_rows import Above
from govlab.log.adapters.span_values import first, stated
from govlab.log.adapters.spans import Reading, Span

__all__ = ["VARYING", "Lineages"]

VARYING: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?<=-)\d+$")
"""What of a span's name differs from span to span."""

_ALONE = Above((), {})
_OPEN: Any = object()  # of a run that is not looked for yet


class Lineages:
    """All spans of some traces, each known by its place; siblings share what is above them.

    `above` holds the place of each one's parent, -1 where that is not among them.
    """

    __slots__ = ("_found", "_how", "above", "spans")

    def __init__(self, spans: Sequence[Span], how: Reading) -> None:
        traces = [span.trace_id for span in spans]
        named = zip(traces, [span.span_id for span in spans], strict=True)
        places = {name: place for place, name in enumerate(named) if name[1]}
        parents = zip(traces, [span.parent_id for span in spans], strict=True)
        self.spans = spans
        self.above = list(map(places.get, parents, repeat(-1)))
        self._how = how
        self._found: dict[int, Above] = {}

    def runs(self) -> list[str | None]:
        """The run that each span names, or the nearest above that names one."""
        found, above = self._named(), self.above
        for place, run in enumerate(found):
            if run is not _OPEN:
                continue
            way, at = [], place
            while found[at] is _OPEN:
                way.append(at)
                found[at] = None  # where ids form a circle, it ends here
                at = above[at]
            run = found[at]  # noqa: PLW2901
            for at in way if run is not None else ():
                found[at] = run
        return found

    def _named(self) -> list[Any]:
        """The run that each names itself; `_OPEN` where one above may."""
        found: list[Any] = [None if above < 0 else _OPEN for above in self.above]
        attributes = [span.attributes for span in self.spans]
        there = set().union(*attributes)
        for name in reversed(self._how.spans.run):  # the first that is there counts
            if name in there:
                own = [held.get(name) for held in attributes]
                found = [f if o is None else str(o) for f, o in zip(found, own, strict=True)]
        return found

    def over(self, place: int) -> Above:
        """What the spans above the one in `place` say."""
        parent = self.above[place]
        if parent < 0:
            return _ALONE
        found = self._found.get(parent)
        if found is None:
            lineage, circle = self._lineage(place)
            found = self._said(lineage)
            if not circle:  # where ids form a circle, each span has a lineage of its own
                self._found[parent] = found
        return found

    def _lineage(self, place: int) -> tuple[list[Span], bool]:
        """The spans above, nearest first, and whether ids form a circle: there it ends."""
        above: list[Span] = []
        seen = {self.spans[place].span_id}
        at = self.above[place]
        while at >= 0:
            span = self.spans[at]
            if span.span_id in seen:
                return above, True
            seen.add(span.span_id)
            above.append(span)
            at = self.above[at]
        return above, False

    def _said(self, lineage: Sequence[Span]) -> Above:
        """The agents, outermost first, and the columns that are inherited."""
        agents = [self._agent(s) for s in reversed(lineage) if self._is_agent(s)]
        columns: dict[str, Any] = {}
        for name, names in self._how.spans.inherited.items():
            for span in lineage:
                if (value := stated(span.attributes, names)) is not None:
                    columns[name] = value
                    break
        return Above(tuple(agents), columns)

    def _is_agent(self, span: Span) -> bool:
        return span.agent or (bool(span.attributes) and self._how.agents.meet(span.attributes))

    def _agent(self, span: Span) -> Any:
        """Its name; a span's own name, where that differs from span to span, names nobody."""
        named = first(span.attributes, self._how.spans.agent)
        return named or (None if VARYING.search(span.name) else span.name)
