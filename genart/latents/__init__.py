"""Latents: from seeds and keyframes to walks."""
