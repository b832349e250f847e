"""Speed and memory, as ratios within one run: these machines are noisy. Off by default."""
