"""What the simulated services say over HTTP. Each face knows its own words and no other face."""
