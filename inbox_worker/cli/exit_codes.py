"""What a command exits with when it did not do what it was to do (sysexits.h for the last)."""

from __future__ import annotations

EXIT_FAILED = 1  #: it did not work
EXIT_USAGE = 2  #: usage or configuration
EXIT_TRY_LATER = 75  #: a server could not be reached, or the database was kept
