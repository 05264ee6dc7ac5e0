"""Models: found, loaded, converted and wrapped."""
