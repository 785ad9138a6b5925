"""The wizard that writes new migrations: what a person answers, and the file that comes of it."""
