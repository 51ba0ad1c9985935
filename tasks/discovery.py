"""Find the units of a package by its files: a new collector, format or rule is one file, with no list to edit."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from types import ModuleType


@functools.cache
def units(package: str) -> dict[str, ModuleType]:
    """Import every module of `package` (as `tasks.collect`) and return them by file name, sorted."""
    folder = importlib.import_module(package)
    names = sorted(info.name for info in pkgutil.iter_modules(folder.__path__))
    return {name: importlib.import_module(f"{package}.{name}") for name in names}
