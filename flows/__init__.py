"""WHAT, IN WHICH ORDER: one file per failure kind. A flow is built here, never run."""
