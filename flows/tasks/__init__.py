"""Steps: one module per thing acted on, one class per verb."""
