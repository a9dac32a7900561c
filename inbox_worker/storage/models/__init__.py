"""The tables, typed, one module for each subject; all of them are known once this is imported."""

from inbox_worker.storage.models.accounting import CorrectionNotice, Disclosure
from inbox_worker.storage.models.alarms import (
    AlarmCall,
    AlarmRecord,
    Fault,
    MailboxWatch,
    Urgency,
    UrgencyAlert,
)
from inbox_worker.storage.models.base import Base, UtcDateTime, table_of
from inbox_worker.storage.models.copies import CertificationCopy
from inbox_worker.storage.models.decisions import (
    Absence,
    CertificationRecord,
    Decision,
    PaperToSign,
    Token,
)
from inbox_worker.storage.models.mails import (
    AttachmentRecord,
    BacklogMail,
    FolderCursor,
    FormInside,
    JournalEntry,
    RawMail,
    ReconciliationRecord,
    Sighting,
    WithheldMail,
)
from inbox_worker.storage.models.outbox import LetterRecord, RawLetter
from inbox_worker.storage.models.protection import (
    ProtectedDigest,
    ProtectionKey,
    UnprotectWish,
)
from inbox_worker.storage.models.requests import (
    ComparisonKey,
    Event,
    EventChain,
    FieldRecord,
    Problem,
    Request,
    TrackingSequence,
)
from inbox_worker.storage.models.service import ChoreRecord, LeaseRecord, ServiceState, WorkerRecord

__all__ = [
    "Absence",
    "AlarmCall",
    "AlarmRecord",
    "AttachmentRecord",
    "BacklogMail",
    "Base",
    "CertificationCopy",
    "CertificationRecord",
    "ChoreRecord",
    "ComparisonKey",
    "CorrectionNotice",
    "Decision",
    "Disclosure",
    "Event",
    "EventChain",
    "Fault",
    "FieldRecord",
    "FolderCursor",
    "FormInside",
    "JournalEntry",
    "LeaseRecord",
    "LetterRecord",
    "MailboxWatch",
    "PaperToSign",
    "Problem",
    "ProtectedDigest",
    "ProtectionKey",
    "RawLetter",
    "RawMail",
    "ReconciliationRecord",
    "Request",
    "ServiceState",
    "Sighting",
    "Token",
    "TrackingSequence",
    "UnprotectWish",
    "Urgency",
    "UrgencyAlert",
    "UtcDateTime",
    "WithheldMail",
    "WorkerRecord",
    "table_of",
]
