"""What an operator types: one module per noun, one class per verb."""
