"""Binary encodings that know no key types: SSH's (RFC 4251 section 5) and DER."""
