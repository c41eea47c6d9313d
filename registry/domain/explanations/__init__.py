"""Explanations: the exact words that a performer was told, and the course from being told to having understood."""
