"""Replay: every action of a log decided again under a bundle, and what that comes to (J1, S22)."""

from govlab.replays.many import Replays, replay_many
from govlab.replays.model import Replay
from govlab.replays.run import replay, replay_selection

__all__ = ["Replay", "Replays", "replay", "replay_many", "replay_selection"]
