"""Python's pure modules (L48): the same answers as Python, no way into the host, bounds."""
