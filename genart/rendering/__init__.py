"""Rendering: films, stills and style transfer written to files."""
