"""The readings of a plan: `reference` (the oracle) and `columnar` (replay)."""
