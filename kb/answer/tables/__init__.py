"""Answers out of tables: the one cell that a look-up asks for, and what is computed of many."""
