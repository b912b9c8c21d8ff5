"""The portrait inside the QR symbol."""
