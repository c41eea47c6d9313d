"""A comparison as people read it, in English and in Korean, on the terminal and as one HTML page."""
