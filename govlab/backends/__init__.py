"""The readings of a plan: `reference` (the oracle), `columnar` (replay), `scalar` (one event)."""
