"""Where the photographs of boards lie."""

BOARD_PHOTO_PLACE = "board_post.jpeg"
"""In the store of sealed files, by the post's id, each sealed under its scan's data key."""
