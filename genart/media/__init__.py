"""Media: images, frames, video, sinks and their metadata."""
