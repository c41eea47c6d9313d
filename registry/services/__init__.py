"""One function, one verb, one transaction: load, decide, write, journal, commit."""
