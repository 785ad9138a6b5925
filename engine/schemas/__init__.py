"""JSON Schemas of `miger.toml` and of a migration's metadata, and validators compiled from them."""
