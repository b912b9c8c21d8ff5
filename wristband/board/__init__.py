"""What finder, family and police tell each other about one encounter, without a name."""
