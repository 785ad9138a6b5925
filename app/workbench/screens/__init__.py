"""One screen of the workbench per file. A screen wires widgets to the app's `Situation` and holds no rules."""
