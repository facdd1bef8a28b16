"""Drivers of the controllers that can cut the power of a host."""
