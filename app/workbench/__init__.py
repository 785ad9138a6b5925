"""The workbench: the terminal app. It shows what `miger.engine` knows and does; it decides nothing itself."""
