"""Parity of the cores: what the compiled core accepts, the reference accepts with an equal value, byte for byte."""
