"""The numbers of SSHFP records (RFC 4255, RFC 6594, RFC 7479, RFC 8709)."""

from __future__ import annotations

__all__ = ["ALGORITHMS"]

ALGORITHMS = {"rsa": 1, "dsa": 2, "ecdsa": 3, "ed25519": 4, "ed448": 6}
"""Key families to the numbers that records have for them."""
