"""WHETHER: pure decisions. Inputs in, an answer with its reason out; nothing is asked here."""
