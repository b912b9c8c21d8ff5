"""What came of it all: how many, how fast, how often nobody answered."""
