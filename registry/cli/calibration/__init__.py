"""What `likeness calibrate` reports: words and the page."""
