"""Training: one loop, its settings and its run folder."""
