"""Pure views of engine values for the workbench: data in by attribute, out by message."""
