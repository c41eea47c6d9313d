"""How what the registry holds is written for others: documents with a tag and a version, which only grow."""
