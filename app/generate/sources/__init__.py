"""Where the wanted schema is written: models, classes, SQL."""
