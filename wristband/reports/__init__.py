"""What a finder adds to a report, takes back of it, asks for, and thinks of it in the end."""
