"""Find the units of a package by its files: a new collector, format or rule is one file, with no list to edit."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from dataclasses import dataclass
from types import ModuleType
from typing import TypeVar


@functools.cache
def units(package: str) -> dict[str, ModuleType]:
    """Import every module of `package` (as `tasks.collect`) and return them by file name, sorted."""
    folder = importlib.import_module(package)
    names = sorted(info.name for info in pkgutil.iter_modules(folder.__path__))
    return {name: importlib.import_module(f"{package}.{name}") for name in names}


@dataclass(frozen=True, slots=True)
class Format:
    """One file format, by the name that people type: its file's name in kebab case."""

    name: str
    module: ModuleType

    @property
    def parser_version(self) -> str:
        """Return what rows say of their parser."""
        return f"{self.name}/{self.module.VERSION}"


F = TypeVar("F", bound=Format)


def formats_of(package: str, kind: type[F]) -> dict[str, F]:
    """Return every format of a package by its name, as `kind`."""
    found = {stem.replace("_", "-"): module for stem, module in units(package).items()}
    return {name: kind(name, module) for name, module in found.items()}
