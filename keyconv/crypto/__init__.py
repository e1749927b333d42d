"""Everything that calls a cryptography library, and the only place that looks into a passphrase."""
