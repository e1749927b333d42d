"""Every question, in the order of the table."""

from __future__ import annotations

from truth.model import Row
from truth.rows.allowed_signers import ALLOWED_SIGNERS
from truth.rows.certificates import CERTIFICATES
from truth.rows.key_lines import KEY_LINES
from truth.rows.known_hosts import KNOWN_HOSTS
from truth.rows.options import OPTIONS
from truth.rows.principals import PRINCIPALS

__all__ = ["ROWS"]

ROWS: tuple[Row, ...] = (*OPTIONS, *KEY_LINES, *PRINCIPALS, *KNOWN_HOSTS, *CERTIFICATES, *ALLOWED_SIGNERS)
