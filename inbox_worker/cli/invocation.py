"""How the program was called, and the settings that go with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.settings import (
    ConfigurationError,
    Settings,
    find_configuration_file,
    load_settings,
)
from config.sources import list_variables


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """How the program was called."""

    config: Path | None  #: as named on the command line
    environ: Mapping[str, str]

    def load(self) -> Settings:
        """Return the settings. Raises `ConfigurationError` with every problem at once."""
        path = find_configuration_file(self.config, self.environ, Path.cwd())
        return load_settings(path, self.environ)

    def find(self) -> Settings | None:
        """Return the settings, None where there is neither a file nor any variable of ours."""
        path = find_configuration_file(self.config, self.environ, Path.cwd())
        if path is None and not list_variables(self.environ):
            return None
        return load_settings(path, self.environ)

    def find_own_addresses(self) -> frozenset[str]:
        """Return our addresses where a usable configuration is at hand, else nothing."""
        try:
            return self.load().own_addresses
        except ConfigurationError:
            return frozenset()

    def find_spam_marks(self) -> tuple[tuple[str, str], ...]:
        """Return what marks spam where a usable configuration is at hand, else nothing."""
        try:
            return self.load().intake.spam_marks
        except ConfigurationError:
            return ()
