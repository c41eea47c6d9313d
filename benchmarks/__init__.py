"""Programs that measure the project, and the one that trains its calibration."""
