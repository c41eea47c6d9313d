"""Reports: one signed document about a case or a check, and the pages that people read it as. No database.

The document (`registry.reports.model`) is built once from the records; JSON, HTML and PDF show the same. What proves
that it was issued stands beside it (`registry.reports.envelope`); `registry.reports.verify` checks all of it offline.
"""
