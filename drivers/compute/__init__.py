"""Drivers of the cloud that runs the instances."""
