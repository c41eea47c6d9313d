"""The speaker engine: from recordings to calibrated evidence. It never sees the database."""
