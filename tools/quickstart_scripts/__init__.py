"""What tools/quickstart runs; tools/bench borrows the simulated cloud."""
