"""The likeness registry: consent, licences and evidence for performers' voices."""

__version__ = "0.1.0"
