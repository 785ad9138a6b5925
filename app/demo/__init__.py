"""A small web shop to try Miger on: `project` is copied for each demo, `story` is its guided tour."""
