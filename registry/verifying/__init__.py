"""Telling anybody what a file of a registry is, and whether it holds."""
