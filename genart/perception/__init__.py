"""Perception: features and distances of images."""
