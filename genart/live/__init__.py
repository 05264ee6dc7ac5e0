"""The instrument: a sketch on stage, played by hand."""
