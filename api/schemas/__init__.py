"""What goes in and out, as pydantic models: one module per resource. Unknown members are refused everywhere."""
