"""Bands: what hangs on the wrist, its token, its artwork, its print."""
