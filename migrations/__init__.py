"""The one linear history of the schema; `registry.store.database.Database.upgrade` runs it."""
