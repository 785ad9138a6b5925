"""The databases: one file each behind `miger.engine.backend.Backend`."""
