"""The invented people of the demonstration, and what each of them sends.

Hosts end in .example, telephone numbers are 555-0100 to 555-0199, A-numbers A000000101 to
A000000199: nobody here exists.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

MAILBOX = "ero.outreach@agency.example"
APPROVER = "r.ortega@agency.example"
REVIEWER = "k.lindqvist@agency.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stakeholder:
    """Somebody who writes to the mailbox."""

    name: str
    role: str  #: for the narration
    address: str
    subject: str
    text: str
    values: dict[str, object] | None  #: of the form attached; None: no form


def list_stakeholders(today: date) -> tuple[Stakeholder, ...]:
    """Return the four who write, in the order they do; forms are dated `today`."""
    return (_clerk(today), _officer(today), _agent(today), _passer_by())


def _clerk(today: date) -> Stakeholder:
    return Stakeholder(
        name="Dana Whitlock",
        role="a court clerk, with a complete form",
        address="d.whitlock@courts.example",
        subject="Request Form",
        text="Good morning,\n\nplease find our request attached.\n\nDana Whitlock\n",
        values={
            **_form(today),
            "requester_name": "Dana Whitlock",
            "requester_title": "Deputy Clerk of Court",
            "requester_type": "judge_or_clerk",
            "requester_agency": "Superior Court of Example County",
            "requester_phone": "(202) 555-0141",
            "requester_email": "d.whitlock@courts.example",
            "password_phone": "(202) 555-0141",
            "subject_family_name": "Ejemplo de la Muestra",
            "subject_given_names": "José Andrés",
            "subject_birth_date": "1988-07-23",
            "subject_birth_country": "Guatemala",
            "subject_a_number": "A000000101",
            "obligation_type": "court_hearing",
            "obligation_dates": "03/10/2026",
            "court_name": "Superior Court of Example County",
            "court_state": "GA",
            "case_numbers": "26-CR-000123",
            "consequences": ["warrant"],
            "information_requested": ["custody_on_date", "custody_dates", "removal"],
            "purpose": "The defendant missed a hearing; the court decides on the bench warrant.",
        },
    )


def _officer(today: date) -> Stakeholder:
    return Stakeholder(
        name="Marcus Bellweather",
        role="a probation officer, with a complete form",
        address="m.bellweather@probation.example",
        subject="Stakeholder form for your office",
        text="Hello,\n\nour form is attached. Thank you.\n",
        values={
            **_form(today),
            "requester_name": "Marcus Bellweather",
            "requester_title": "Probation Officer",
            "requester_type": "probation_or_parole",
            "requester_agency": "Example County Probation Department",
            "requester_phone": "(202) 555-0162",
            "requester_email": "m.bellweather@probation.example",
            "requester_credential": "EX1234567",
            "password_phone": "(202) 555-0162",
            "subject_family_name": "Sample",
            "subject_given_names": "Maria Fernanda",
            "subject_birth_date": "1993-11-30",
            "subject_birth_country": "Honduras",
            "subject_fbi_number": "EX000102",
            "obligation_type": "probation_report",
            "obligation_dates": "02/17/2026; 02/24/2026",
            "court_name": "Example County Probation Department",
            "court_state": "GA",
            "case_numbers": "25-PR-000456",
            "consequences": ["violation_filed"],
            "information_requested": ["custody_on_date"],
            "purpose": "Two missed reports; we decide whether to withdraw the violation.",
        },
    )


def _agent(today: date) -> Stakeholder:
    return Stakeholder(
        name="Pat Quillfeather",
        role="a bail agent, whose form lacks the bond's numbers",
        address="pat@bail-bonds.example",
        subject="Bond forfeiture",
        text="Form attached, please hurry.\n",
        values={
            **_form(today),
            "requester_name": "Pat Quillfeather",
            "requester_title": "Bail Agent",
            "requester_type": "bail_or_surety",
            "requester_agency": "Example Bail Bonds",
            "requester_phone": "(202) 555-0177",
            "requester_email": "pat@bail-bonds.example",
            "requester_credential": "BA-000789",
            "password_phone": "(202) 555-0177",
            "subject_family_name": "Muster",
            "subject_given_names": "Juan Carlos",
            "subject_birth_date": "1979-01-15",
            "subject_birth_country": "El Salvador",
            "subject_a_number": "A000000103",
            "obligation_type": "bond_or_bail",
            "obligation_dates": "01/20/2026",
            "court_name": "Superior Court of Example County",
            "court_state": "GA",
            "case_numbers": "25-CR-000789",
            "consequences": ["bond_forfeited"],
            "information_requested": ["custody_on_date", "removal"],
            "purpose": "The bond was declared forfeited; we ask the court to set that aside.",
        },
    )


def _passer_by() -> Stakeholder:
    return Stakeholder(
        name="Lee Wandermore",
        role="somebody whose mail has no form",
        address="lee.wandermore@mail.example",
        subject="Question",
        text="Hello, how can I ask about a missed court date?\n",
        values=None,
    )


def _form(today: date) -> dict[str, object]:
    """Return what every form of the demonstration has in common."""
    return {
        "request_date": today.isoformat(),
        "requester_address": "1 Example Plaza",
        "requester_city": "Anytown",
        "requester_state": "GA",
        "requester_zip": "30301",
        "legal_process_attached": False,
        "delivery": "encrypted_email",
        "attestation": True,
        "attestation_date": today.isoformat(),
    }
