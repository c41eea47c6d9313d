"""The journal: what is remembered for good, in a form that can be checked without the registry."""
