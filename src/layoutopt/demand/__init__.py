"""Pupils per settlement, band and year."""
