"""Openings of a band by a finder, what the finder may see, what was asked of whom."""
