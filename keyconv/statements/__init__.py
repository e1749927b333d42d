"""Files that say something of keys and hold none: revocation lists."""
