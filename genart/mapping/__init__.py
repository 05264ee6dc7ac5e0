"""Mapping: sources such as MIDI and LFOs, routed to Params."""
