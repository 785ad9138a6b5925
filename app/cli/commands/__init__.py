"""One file a verb; each has `run(args, project_or_none, output) -> int`, the exit code."""
