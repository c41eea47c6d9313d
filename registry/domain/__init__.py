"""Values and rules. No input or output, no torch, no SQLAlchemy: everything here is decided by its arguments."""
