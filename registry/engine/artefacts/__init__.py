"""Fitted artefacts: each a safetensors file and a JSON card that says what made it."""
