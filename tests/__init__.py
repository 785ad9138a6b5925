"""The tests of Miger; the folders mirror those of the source."""
