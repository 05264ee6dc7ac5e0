"""Data: what files are and what they hold."""
