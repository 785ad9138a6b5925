"""What Miger costs in things that can be counted."""
