"""Certifications: what rendering, signing and recording cost, beside the bare libraries.

Rendering stands beside bare `typst.compile` of the same template with the same inputs, warm;
signing beside pyHanko with a key that is loaded already. Then a batch of approved requests is
issued as the worker does it (render, sign, seal, record, letter into the outbox), on SQLite, and
the memory of this process is looked at before each.
Run it with `python -m bench.certification [BATCH] [ROUNDS]`.
"""

from __future__ import annotations

import gc
import io
import json
import logging
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import typst
from pydantic import SecretStr
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from rich.console import Console
from rich.table import Table
from sqlalchemy import func, insert, select

# The tests are not installed with the program; run as a file, this finds them all the same.
sys.path.append(str(Path(__file__).resolve().parents[1]))
from config.signing_keys import KeyPlace, read_signing_key
from inbox_worker.logs import configure_logging
from inbox_worker.reading.reader import DocumentReader, load_definitions
from inbox_worker.review import issuing
from inbox_worker.storage.models import CertificationRecord, Decision, FieldRecord, Request
from outbound.certification import pdf
from outbound.certification.pdf import render_certification
from outbound.certification.signing import sign_certification
from tests.signing_keys import PASSWORD, write_key
from tests.unit.certification_cases import build_facts, build_findings, transfer
from tests.worker_harness import (
    APPROVE,
    ORTEGA,
    SETTINGS,
    Harness,
    make_filed_template,
    make_template,
)

BATCH = 500
ROUNDS = 60
#: The first ones fill caches.
_WARM_UP = 10
#: Memory is settled after so many certifications.
_SETTLED = 50
WANTED_RATIO, WANTED_CPU_MS = 1.3, 200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one step costs in milliseconds of CPU, the median, beside the bare library's."""

    name: str
    ours: float
    floor: float
    wanted: float | None

    @property
    def ratio(self) -> float:
        """Return how many times the floor it takes."""
        return self.ours / self.floor


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What a batch of certifications took from decision to outbox."""

    certifications: int
    cpu_ms: float  #: for each, the mean
    seconds: float
    settled_mb: float  #: the most that was resident while the first were issued
    peak_mb: float  #: the most afterwards


def main() -> None:
    """Measure, and print tables and a JSON line."""
    batch = int(sys.argv[1]) if len(sys.argv) > 1 else BATCH
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    configure_logging(json=False, level=logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        key = write_key(Path(folder) / "office.p12")
        _show(_measure_steps(key, rounds), _measure_batch(Path(folder), key, batch))


def _measure_steps(key_file: Path, rounds: int) -> list[Step]:
    facts = build_facts(
        build_findings(
            "DETAINED REMOVED",
            custody="03-02/04-17",
            removed="04-17",
            custody_ended="removed",
            direct_transfer=transfer(),
        )
    )
    place = KeyPlace(
        key="certification.signing_pkcs12", path=str(key_file), password=SecretStr(PASSWORD)
    )
    key = read_signing_key(place, now=datetime.now(UTC))
    document = render_certification(facts)
    signer = SimpleSigner.load_pkcs12(str(key_file), passphrase=PASSWORD.encode())

    def sign_bare() -> None:
        writer = IncrementalPdfFileWriter(io.BytesIO(document))
        PdfSigner(PdfSignatureMetadata(field_name="Certification"), signer).sign_pdf(writer)

    rendering = _time_in_turns(
        lambda: render_certification(facts), _prepare_bare_rendering(facts), rounds
    )
    signing = _time_in_turns(lambda: sign_certification(document, facts, key), sign_bare, rounds)
    return [
        Step(name="render", ours=rendering[0], floor=rendering[1], wanted=WANTED_RATIO),
        Step(name="sign", ours=signing[0], floor=signing[1], wanted=None),
    ]


def _prepare_bare_rendering(facts: Any) -> Callable[[], object]:
    """Return a call of typst with everything at hand that our own call of it was given."""
    given: dict[str, Any] = {}
    template: list[bytes] = []

    def catch(source: bytes, **options: Any) -> bytes:
        template.append(source)
        given.update(options)
        return b""

    with patch.object(pdf.typst, "compile", catch):
        render_certification(facts)
    return lambda: typst.compile(template[0], **given)


def _time_in_turns(
    ours: Callable[[], object], floor: Callable[[], object], rounds: int
) -> tuple[float, float]:
    """Return the median milliseconds of CPU of both, measured by turns."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(_WARM_UP + rounds):
        for call, found in zip((ours, floor), times, strict=True):
            started = time.process_time()
            call()
            if number >= _WARM_UP:
                found.append(1000 * (time.process_time() - started))
    return statistics.median(times[0]), statistics.median(times[1])


def _measure_batch(folder: Path, key_file: Path, size: int) -> Batch:
    with DocumentReader(load_definitions()) as reader:
        template = make_filed_template(make_template(folder / "worker.db"), reader)
        harness = Harness.open(template, reader, _settings(key_file))
        harness.reply(ORTEGA, APPROVE)
        harness.clock.advance(minutes=10)
        _multiply(harness, size + _WARM_UP)
        memory = _Watch(skip=_WARM_UP)
        gc.collect()
        started_at, started = time.perf_counter(), time.process_time()
        issued = issuing.issue_due(harness.services, should_stop=memory.look)
        cpu, seconds = time.process_time() - started, time.perf_counter() - started_at
        with harness.services.database.read() as session:
            assert session.scalar(select(func.count(CertificationRecord.id))) == issued
        harness.services.database.close()
    assert issued == size + _WARM_UP
    return Batch(
        certifications=issued,
        cpu_ms=1000 * cpu / issued,
        seconds=seconds,
        settled_mb=memory.settled_mb,
        peak_mb=memory.peak_mb,
    )


def _settings(key_file: Path) -> dict[str, Any]:
    certification = {
        **SETTINGS["certification"],
        "require_signature": True,
        "signing_pkcs12": str(key_file),
        "signing_password": PASSWORD,
    }
    return {
        "review": {"confirm": False},
        "certification": certification,
        "delivery": {"protection": "encrypted"},
    }


def _multiply(harness: Harness, size: int) -> None:
    """Make the one approved request `size` of them, each with its values and its decision."""
    with harness.services.database.unit_of_work() as unit:
        for model in (Request, FieldRecord, Decision):
            rows = [dict(row) for row in unit.session.execute(select(*_columns(model))).mappings()]
            copies = [_copy(model, row, n) for n in range(1, size) for row in rows]
            unit.session.execute(insert(model), copies)
        unit.commit()


def _columns(model: type[Any]) -> Iterator[Any]:
    return (getattr(model, column.key) for column in model.__mapper__.column_attrs)


def _copy(model: type[Any], row: dict[str, Any], number: int) -> dict[str, Any]:
    copy = {name: value for name, value in row.items() if name != "id"}
    if model is Request:
        return copy | {
            "id": row["id"] + number,
            "tracking_number": f"{row['tracking_number'][:9]}{number + 1:06}-0",
            "document_position": number,
        }
    return copy | {"request_id": row["request_id"] + number}


@dataclass(slots=True)
class _Watch:
    """Looks at our own memory before each certification."""

    skip: int
    looked: int = 0
    settled_mb: float = 0.0
    peak_mb: float = 0.0

    def look(self) -> bool:
        self.looked += 1
        resident = int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6
        if self.looked <= self.skip + _SETTLED:
            self.settled_mb = max(self.settled_mb, resident)
        self.peak_mb = max(self.peak_mb, resident)
        return False


def _show(steps: list[Step], batch: Batch) -> None:
    table = Table(title="Certifications, milliseconds of CPU (median)", title_justify="left")
    for column in ("step", "ours", "bare library", "times it", "wanted"):
        table.add_column(column, justify="left" if column == "step" else "right")
    for s in steps:
        wanted = "" if s.wanted is None else f"{s.wanted:.1f}"
        table.add_row(s.name, f"{s.ours:.1f}", f"{s.floor:.1f}", f"{s.ratio:.2f}", wanted)
    Console().print(table)
    Console().print(
        f"{batch.certifications} from decision to outbox: {batch.cpu_ms:.0f} ms of CPU each"
        f" (wanted {WANTED_CPU_MS:.0f}), {batch.seconds:.0f} s in all; memory"
        f" {batch.settled_mb:.0f} MB at first and {batch.peak_mb:.0f} MB at most."
    )
    figures = {
        s.name: {
            "cpu_ms": round(s.ours, 2),
            "floor_ms": round(s.floor, 2),
            "ratio": round(s.ratio, 2),
        }
        for s in steps
    }
    batch_figures = {
        "certifications": batch.certifications,
        "cpu_ms": round(batch.cpu_ms, 1),
        "settled_mb": round(batch.settled_mb, 1),
        "peak_mb": round(batch.peak_mb, 1),
    }
    print(json.dumps({"bench": "certification", **figures, "batch": batch_figures}))


if __name__ == "__main__":
    main()
