"""Where keys stand in a file: spans, the wrappers around them, and edits that leave all other bytes as they are."""
