"""The two speaker encoders behind one small protocol."""
