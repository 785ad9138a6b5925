"""Migrations of MongoDB collections: what is wanted, what there is, and the file."""
