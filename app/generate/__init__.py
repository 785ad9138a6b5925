"""Migrations written from schema changes: what is wanted, what differs, and the file that makes it so."""
