"""The database: one SQLAlchemy model, one module per area, leases of work, and blobs. No rules live here."""
