"""Migrations written from a form: changes of tables and collections, backfills, and what the live schema offers."""
