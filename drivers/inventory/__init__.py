"""Sources that know which controllers can fence which host."""
