"""Elders, who answers for them, how the family is reached, what was consented to."""
