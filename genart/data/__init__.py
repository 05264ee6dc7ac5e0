"""Data: descriptions of files, and training images."""
