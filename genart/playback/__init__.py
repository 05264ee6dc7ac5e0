"""Playback: a sketch with its settings, played tick by tick."""
