"""Fuzzing of every reader: seeds taken apart, changed inside, wrapped again, one property kept.

`python tests/fuzz/run.py --help` runs it; docs/fuzzing.md explains it.
"""
