"""The display of a performance: window, clock and frame pacing."""
