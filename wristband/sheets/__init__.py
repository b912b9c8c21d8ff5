"""Sheets of elders: read from and written to the tables that a community keeps."""
