"""How a calibration is made from labelled recordings: examples, simulated searches, fits, and the artefact."""
