"""Demonstration people, bands and stations: all invented, all marked as such, never in production."""

from wristband.demonstration.guide import guide
from wristband.demonstration.loading import load

__all__ = ["guide", "load"]
