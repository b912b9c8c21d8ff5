"""Bands on paper: true millimetres, fonts inside, nothing on the outside that tells who wears it."""
