"""Messages owed, where they wait, and how they leave."""
