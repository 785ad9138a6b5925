"""The command line: a thin face of `miger.project`."""
