"""For orientation: one plain RSA key, converted by every program that can."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.commands import Command
from benchmarks.making import Key
from benchmarks.results import Experiment, Row
from benchmarks.timing import Contender, measure

__all__ = ["NAME", "measure_programs"]

NAME = "programs"
_TYPE = "RSA-2048"
_OPENSSH, _PEM, _PKCS8 = "PPK to OpenSSH", "OpenSSH to PEM", "PEM to PKCS#8"


def measure_programs(bench: Bench) -> Experiment:
    """Time three conversions as whole processes."""
    key = bench.of_type(_TYPE)[0]
    pem = bench.keyconv("convert", str(key.openssh), "-t", "pem", "-o", "source.pem", fresh=("source.pem",))
    pem()
    bench.judge.expect(bench.folder / "source.pem", key.public)
    contenders = [*_to_openssh(bench, key), *_to_pem(bench, key), *_to_pkcs8(bench, key)]
    rows = measure(contenders, bench.rounds(15))
    remarks = (
        f"One {_TYPE} key, whole processes. ssh-keygen works in place, on a copy that is made before the clock starts.",
    )
    return Experiment(NAME, "One conversion by every program that can", rows, (), remarks)


def _to_openssh(bench: Bench, key: Key) -> list[Contender | Row]:
    ppk = str(key.ppk)
    return [
        _own(bench, _OPENSSH, ppk, "openssh", key),
        _of_puttygen(bench, _OPENSSH, ppk, "private-openssh-new", key),
        bench.absent(_OPENSSH, "ssh-keygen", "reads no PPK"),
        bench.absent(_OPENSSH, "openssl", "reads no PPK"),
        _of_sshpk(bench, _OPENSSH, ppk, "putty", "openssh", key),
    ]


def _to_pem(bench: Bench, key: Key) -> list[Contender | Row]:
    openssh = str(key.openssh)
    in_place = (bench.tools.ssh_keygen, "-p", "-m", "PEM", "-P", "", "-N", "", "-f", "by-ssh-keygen")
    return [
        _own(bench, _PEM, openssh, "pem", key),
        _of_puttygen(bench, _PEM, openssh, "private-openssh", key),
        bench.converter(
            _PEM, "ssh-keygen", Command(in_place, bench.folder, copies=((openssh, "by-ssh-keygen"),)), key.public
        ),
        bench.absent(_PEM, "openssl", "reads no OpenSSH file"),
        _of_sshpk(bench, _PEM, openssh, "openssh", "pem", key),
    ]


def _to_pkcs8(bench: Bench, key: Key) -> list[Contender | Row]:
    in_place = (bench.tools.ssh_keygen, "-p", "-m", "PKCS8", "-P", "", "-N", "", "-f", "by-ssh-keygen")
    rows: list[Contender | Row] = [
        _own(bench, _PKCS8, "source.pem", "pkcs8", key),
        bench.absent(_PKCS8, "puttygen", "writes no PKCS#8"),
        bench.converter(
            _PKCS8, "ssh-keygen", Command(in_place, bench.folder, copies=(("source.pem", "by-ssh-keygen"),)), key.public
        ),
    ]
    if bench.tools.openssl is None:
        rows.append(bench.absent(_PKCS8, "openssl"))
    else:
        argv = (bench.tools.openssl, "pkcs8", "-topk8", "-nocrypt", "-in", "source.pem", "-out", "by-openssl")
        rows.append(bench.converter(_PKCS8, "openssl", Command(argv, bench.folder, ("by-openssl",)), key.public))
    rows.append(_of_sshpk(bench, _PKCS8, "source.pem", "pem", "pkcs8", key))
    return rows


def _own(bench: Bench, case: str, source: str, target: str, key: Key) -> Contender:
    command = bench.keyconv("convert", source, "-t", target, "-o", "out", fresh=("out",))
    return bench.converter(case, "keyconv", command, key.public)


def _of_puttygen(bench: Bench, case: str, source: str, kind: str, key: Key) -> Contender:
    argv = (bench.tools.puttygen, source, "-O", kind, "-o", "by-puttygen")
    return bench.converter(case, "puttygen", Command(argv, bench.folder, ("by-puttygen",)), key.public)


def _of_sshpk(bench: Bench, case: str, source: str, known_as: str, target: str, key: Key) -> Contender | Row:
    if bench.tools.sshpk is None:
        return bench.absent(case, "sshpk-conv")
    argv = (*bench.tools.sshpk, "-T", known_as, "-t", target, "-p", "-f", source, "-o", "by-sshpk")
    return bench.converter(case, "sshpk-conv", Command(argv, bench.folder, ("by-sshpk",)), key.public)
