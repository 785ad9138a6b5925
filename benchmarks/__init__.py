"""What `make bench` measures; see docs/speed.md."""
