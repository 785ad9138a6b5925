"""What developers run: the linked source tree, test servers by hand, the import contract."""
