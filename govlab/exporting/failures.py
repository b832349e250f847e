"""An export that must not be used: the engine does not decide as replay does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from govlab.errors import GovlabError

__all__ = ["ParityError"]


class ParityError(GovlabError):
    """The first event on which replay and the exported engine differ; nothing was written."""

    exit_code = 1

    def __init__(self, said: Mapping[str, Any], events: int) -> None:
        """`said` has `event`, `unknown`, `history`, `fields`; `events` were equal before it."""
        self.said = said
        self.events = events
        fields = ", ".join(
            f"{name} is {json.dumps(both['replay'], default=str)} in replay and "
            f"{json.dumps(both['engine'], default=str)} in the engine"
            for name, both in said["fields"].items()
        )
        event = json.dumps(said["event"], ensure_ascii=True)
        super().__init__(
            f"the exported engine differs from replay after {events:,} equal events, on {event}: "
            f"{fields}; nothing was written, please report it"
        )
