"""Hostile files over every format, made at test time: what no honest program writes, and what must come of it."""
