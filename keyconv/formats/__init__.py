"""The registry: every format that keyconv knows, in the order in which tables show them."""

from __future__ import annotations

from keyconv.errors import UsageError
from keyconv.formats.authorized_keys import OPENSSH_PUB
from keyconv.formats.base import Format
from keyconv.formats.dropbear import DROPBEAR
from keyconv.formats.jwk import JWK, JWK_PUB
from keyconv.formats.openssh import OPENSSH
from keyconv.formats.pem import PEM
from keyconv.formats.pkcs1_pub import PKCS1_PUB
from keyconv.formats.pkcs8 import PKCS8
from keyconv.formats.ppk import PPK1, PPK2, PPK3
from keyconv.formats.rfc4716 import RFC4716
from keyconv.formats.spki import SPKI
from keyconv.formats.ssh1 import SSH1, SSH1_PUB
from keyconv.formats.sshcom import SSHCOM
from keyconv.formats.sshfp import SSHFP

__all__ = ["ALIASES", "FORMATS", "by_name"]

FORMATS: tuple[Format, ...] = (
    PPK3,
    PPK2,
    PPK1,
    OPENSSH,
    PEM,
    PKCS8,
    SSHCOM,
    SSH1,
    DROPBEAR,
    JWK,
    OPENSSH_PUB,
    RFC4716,
    SPKI,
    PKCS1_PUB,
    SSH1_PUB,
    SSHFP,
    JWK_PUB,
)

ALIASES = {"ppk3": "ppk"}
"""Other names that the command line takes."""


def by_name(name: str) -> Format:
    """Find a format by its name or an alias of it.

    Raises: UsageError, naming the nearest one.
    """
    wanted = ALIASES.get(name.lower(), name.lower())
    for known in FORMATS:
        if known.name == wanted:
            return known
    from difflib import get_close_matches

    names = [known.name for known in FORMATS]
    near = get_close_matches(wanted, names, 1, 0.5)
    raise UsageError(
        f"there is no format '{name}'",
        hint=f"did you mean '{near[0]}'?" if near else "the formats are " + ", ".join(names),
    )
