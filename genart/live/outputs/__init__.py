"""Outputs of a performance: the video recorder, and a thread for each sink."""
