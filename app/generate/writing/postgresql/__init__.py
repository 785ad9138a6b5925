"""From differences to the steps of a migration for PostgreSQL."""
