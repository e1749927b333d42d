"""The proof of a key: what its numbers must fulfil, and that its two halves belong together."""
