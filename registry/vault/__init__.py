"""Keys, seals, protection of voiceprints, and tokens. Nothing here knows the database."""
