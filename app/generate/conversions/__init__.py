"""How the values of a column get another type, on each database."""
