"""What `review.require_smime` needs: authorities to trust, and the program that asks them.

Outcomes: nothing where the switch is off; else a problem for each thing that is missing.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from cryptography import x509

from config.problems import ConfigurationProblem
from config.sections import Settings


def find_signature_problems(settings: Settings) -> Iterator[ConfigurationProblem]:
    """Look whether signatures of staff replies could be checked."""
    review = settings.review
    if not review.require_smime:
        return
    if not review.smime_ca_file:
        yield ConfigurationProblem(
            id="E042",
            key="review.smime_ca_file",
            message="Signatures are asked for and no authority is trusted to issue certificates.",
            hint="Give the path of a PEM file with the authorities that issue your staff's.",
        )
    elif not _holds_certificates(Path(review.smime_ca_file)):
        yield ConfigurationProblem(
            id="E043",
            key="review.smime_ca_file",
            message="The file does not exist, cannot be read, or holds no certificates.",
            hint="Give the path of a PEM file with the authorities that issue your staff's.",
        )
    if shutil.which("openssl") is None:
        yield ConfigurationProblem(
            id="E044",
            key="review.require_smime",
            message="Signatures are checked by the program openssl, which is not installed.",
            hint="Install OpenSSL 3, or set it to false.",
        )


def _holds_certificates(path: Path) -> bool:
    try:
        return bool(x509.load_pem_x509_certificates(path.read_bytes()))
    except (OSError, ValueError):
        return False
