"""The root of every error that this project raises on purpose.

UpkeepError                     one clear sentence: what, where, how to mend it
|-- WarehouseError              the warehouse refused (here)
|   |-- WarehouseBusyError           another process holds the file: a retry helps
|   `-- BatchError              one landed batch can't be loaded: it is set aside
|-- ConfigurationError          sites.yaml or a setting is wrong (tasks.errors)
`-- SourceError                 a source did not deliver (tasks.errors)
"""

from __future__ import annotations


class UpkeepError(Exception):
    """An error whose text is written for the person who has to mend it.

    `exit_code` is what the `upkeep` command ends with: 1 the work failed, 2 wrong usage or configuration.
    `can_retry` says whether the same call may succeed later without anybody changing anything.
    """

    exit_code = 1
    can_retry = False


class WarehouseError(UpkeepError):
    """The warehouse refused the work."""


class WarehouseBusyError(WarehouseError):
    """Another process holds the warehouse file; what was landed stays landed and is loaded by the next run."""

    can_retry = True


class BatchError(WarehouseError):
    """A landed batch can't be loaded; it is set aside and the others go on."""
