"""Signs of life: one file per channel."""
