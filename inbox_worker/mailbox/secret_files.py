"""Files that hold one secret, as `[….oauth2]` names them."""

from __future__ import annotations

from pathlib import Path

from inbox_worker.errors import LoginRefusedError


def read_secret(path: Path, key: str) -> str:
    """Return the secret. Raises `LoginRefusedError` naming the key where there is none."""
    try:
        secret = path.read_text("utf-8").strip()
    except (OSError, ValueError):
        secret = ""
    if not secret:
        raise LoginRefusedError(
            f"The file that oauth2.{key} names is empty or cannot be read.", reason="no_secret"
        )
    return secret
