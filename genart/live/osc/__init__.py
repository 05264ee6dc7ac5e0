"""OSC in a performance: addresses, replies and feedback."""
