"""Inversion: from an image to its latent."""
