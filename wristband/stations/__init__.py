"""Police stations: where they are, which is nearest, the way there."""
