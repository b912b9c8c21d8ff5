"""What the police handle: reports and sightings of one elder, from first word to disposition."""
