"""Charts that a notebook shows without a network."""

from __future__ import annotations

from typing import Any

import altair as alt
from altair.utils.mimebundle import spec_to_mimebundle

__all__ = ["OfflineChart"]


class OfflineChart(alt.LayerChart):
    """An Altair chart that a notebook shows as SVG: Altair's default page loads its script.

    A subclass, because Altair looks for nothing else to show a chart by.
    """

    def _repr_mimebundle_(self, *_: Any, **__: Any) -> dict[str, str]:
        spec = self.to_dict(context={"pre_transform": False})
        shown: dict[str, str] = spec_to_mimebundle(spec, format="svg", mode="vega-lite")
        return shown
