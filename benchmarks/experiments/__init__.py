"""The experiments, in the order in which they are run and shown."""

from collections.abc import Callable

from benchmarks.bench import Bench
from benchmarks.experiments import encrypted, engine, floors, folders, lines, many_files, programs, start_up
from benchmarks.results import Experiment

__all__ = ["EXPERIMENTS"]

EXPERIMENTS: dict[str, Callable[[Bench], Experiment]] = {
    start_up.NAME: start_up.measure_start_up,
    encrypted.ONE: encrypted.measure_one_encrypted,
    engine.NAME: engine.measure_engine,
    many_files.NAME: many_files.measure_many_files,
    encrypted.MANY: encrypted.measure_many_encrypted,
    lines.NAME: lines.measure_lines,
    folders.NAME: folders.measure_folders,
    floors.NAME: floors.measure_floors,
    programs.NAME: programs.measure_programs,
}
