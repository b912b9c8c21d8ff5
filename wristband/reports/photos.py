"""Where the photographs of reports lie."""

SUPPLEMENT_PHOTO_PLACE = "supplement.jpeg"
"""In the store of sealed files, by the supplement's id, each sealed under its scan's data key."""
