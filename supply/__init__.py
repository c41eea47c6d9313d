"""What the registry is made of that others made: which packages, under which licences, with which known holes."""
