"""What goes to other systems and comes from them: PFIF 1.4 and CAP 1.2, and what was released of an incident."""
