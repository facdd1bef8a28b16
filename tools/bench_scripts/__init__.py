"""What tools/bench measures, and against what."""
