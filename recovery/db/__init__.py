"""The truth: tables, the states they may hold, and the questions asked of them."""
