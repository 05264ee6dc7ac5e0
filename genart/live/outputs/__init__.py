"""Outputs of a performance: recorder and workers."""
