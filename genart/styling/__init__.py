"""Stylizers, chains of them, and the files they repaint."""
