"""Dated legal rules about licences: data files, one a pack, and the small language their conditions are written in.

The files come with the package, and `registry.domain.rules.shipped` alone reads them.
"""
