"""HOW: what can be done to the world. A driver knows no job, no flow and no other driver."""
