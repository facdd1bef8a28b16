"""Evacuating the instances of one host: what to do with each, where to, and when it is over."""
