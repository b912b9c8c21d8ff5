"""Partners: other systems, what each may do, their keys, and where they are told of what happens."""
