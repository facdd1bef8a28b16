"""What an operator may look at. Nothing here ever writes."""
