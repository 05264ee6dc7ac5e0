"""Handles on a latent space: directions that mean something, found, kept and turned."""
