"""What tools/compare asks of Masakari and of us, and why the answers differ where they do."""
