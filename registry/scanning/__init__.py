"""Batch scans: many recordings in, one row for each out, in an order and with hashes that somebody else can check."""
