"""OSC 1.0 and 1.1: the protocol alone."""
