"""Papers that come with mail: demands on us, what only looks like one, and letters.

Every name, number and place is invented. A form feed parts pages.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import pikepdf
from pikepdf import Dictionary, Name

#: Sent alone it is a demand; beside a form it may be an exhibit.
OURS, ANOTHERS, TOLD_OF, NONE = "ours", "anothers", "told_of", "none"


def write_pdf(text: str) -> bytes:
    """Return a PDF whose pages show the lines of a text, as a court's word processor does."""
    pdf = pikepdf.new()
    font = Dictionary(
        Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding
    )
    for page in text.split("\f"):
        shown = b"".join(b"(%s) Tj T*\n" % _escape(line) for line in page.strip().splitlines())
        pdf.add_blank_page(page_size=(612, 792))
        added = pdf.pages[-1].obj
        added.Resources = Dictionary(Font=Dictionary(F1=font))
        added.Contents = pdf.make_stream(b"BT /F1 11 Tf 14 TL 60 740 Td\n" + shown + b"ET")
    target = io.BytesIO()
    pdf.save(target)
    return target.getvalue()


def _escape(line: str) -> bytes:
    raw = line.encode("cp1252")
    return raw.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A paper, what it is as a demand, and why."""

    name: str  #: of the file
    reason: str
    demand: str
    text: str


def _paper(name: str, reason: str, demand: str, text: str) -> Paper:
    return Paper(name=name, reason=reason, demand=demand, text=text)


SUBPOENA = """SUPERIOR COURT OF EXAMPLE COUNTY
People v. Muestra, Case No. 26-CR-000123
SUBPOENA DUCES TECUM
TO: Custodian of Records, U.S. Immigration and Customs Enforcement
YOU ARE COMMANDED to appear on June 3, 2026 and produce the records of
the defendant's custody. Failure to obey this subpoena is contempt."""

#: Demands on us, and what looks like one.
DEMANDS = (
    _paper("s1.pdf", "a subpoena for records, to us by name", OURS, SUBPOENA),
    _paper(
        "s2.pdf",
        "headed as one, naming nobody",
        OURS,
        """SUBPOENA DUCES TECUM
YOU ARE COMMANDED to produce the complete file of the person named below.""",
    ),
    _paper(
        "s3.pdf",
        "the federal form, whose blank line for a name has a hint in brackets",
        OURS,
        """UNITED STATES DISTRICT COURT
SUBPOENA TO PRODUCE DOCUMENTS, INFORMATION, OR OBJECTS
IN A CRIMINAL CASE
To: ______________________
(Name of person to whom this subpoena is directed)
YOU ARE COMMANDED to produce at the time, date, and place set forth below the
following books, papers, documents, data, or other objects:""",
    ),
    _paper(
        "s4.pdf",
        "a witness subpoena to an officer of ours",
        OURS,
        """STATE OF GEORGIA, COUNTY OF EXAMPLE
WITNESS SUBPOENA
TO: Deportation Officer R. Ortega
You are hereby required to be and appear at the Superior Court, to testify as
a witness on behalf of the State.""",
    ),
    _paper(
        "s5.pdf",
        "the New York wording, and the keeper of records without a house",
        OURS,
        """SUPREME COURT OF THE STATE OF NEW YORK, COUNTY OF EXAMPLE
JUDICIAL SUBPOENA
TO: Records Custodian
GREETINGS:
WE COMMAND YOU, that all business and excuses being laid aside, you attend
before the Honorable Court to give testimony in the action.""",
    ),
    _paper(
        "s6.pdf",
        "the California wording, name behind TO and brackets",
        OURS,
        """DEPOSITION SUBPOENA FOR PRODUCTION OF BUSINESS RECORDS
THE PEOPLE OF THE STATE OF CALIFORNIA, TO (name, address, and telephone number
of deponent, if known): Department of Homeland Security, ICE
1. YOU ARE ORDERED TO PRODUCE THE BUSINESS RECORDS described in item 3""",
    ),
    _paper(
        "s7.pdf",
        "no word of a subpoena: a command with our name above it",
        OURS,
        """DISTRICT COURT OF EXAMPLE COUNTY
TO: U.S. Immigration and Customs Enforcement, Atlanta Field Office
You are hereby commanded to bring with you all records concerning the
defendant, and to testify, on June 3, 2026.""",
    ),
    _paper(
        "s8.pdf",
        "an order that we bring the person",
        OURS,
        """SUPERIOR COURT OF EXAMPLE COUNTY
ORDER FOR PRODUCTION OF PRISONER
IT IS HEREBY ORDERED that ICE produce the defendant at the hearing on June 3.""",
    ),
    _paper(
        "s9.pdf",
        "an order with our full name and the short one in brackets",
        OURS,
        """ORDER COMPELLING DISCOVERY
U.S. Immigration and Customs Enforcement (ICE) shall within ten days provide
the custody records of the defendant to the court.""",
    ),
    _paper(
        "s10.pdf",
        "a writ to bring the prisoner",
        OURS,
        """WRIT OF HABEAS CORPUS AD PROSEQUENDUM
TO: The Field Office Director, Enforcement and Removal Operations
You are commanded to produce the body of the prisoner before this court.""",
    ),
    _paper(
        "s11.pdf",
        "a grand jury's",
        OURS,
        """GRAND JURY SUBPOENA
To: Keeper of the Records, ERO Outreach
You are commanded to appear and testify before the grand jury, and to bring
with you all documents about the person named.""",
    ),
    _paper(
        "s12.pdf",
        "behind a cover sheet: the second page is the demand",
        OURS,
        f"""OFFICE OF THE PUBLIC DEFENDER
Cover sheet. Two pages follow.\f{SUBPOENA}""",
    ),
    _paper(
        "c1.pdf",
        "Puerto Rico, in Spanish",
        OURS,
        """ESTADO LIBRE ASOCIADO DE PUERTO RICO
TRIBUNAL DE PRIMERA INSTANCIA, SALA SUPERIOR
CITACIÓN (SUBPOENA DUCES TECUM)
A: Custodio de Récords, Servicio de Inmigración y Control de Aduanas
SE LE ORDENA comparecer y producir los documentos del acusado.""",
    ),
    _paper(
        "c2.pdf",
        "a witness, in Spanish",
        OURS,
        """CITACIÓN JUDICIAL
PARA: Oficial de Inmigración
Por la presente se le cita para comparecer como testigo ante este tribunal y
testificar en el caso.""",
    ),
    _paper(
        "c3.pdf",
        "an order, in Spanish",
        OURS,
        """ORDEN
El tribunal ordena que ICE entregue los registros de custodia del acusado.""",
    ),
    _paper(
        "c4.pdf",
        "headed as one and naming nobody, in Spanish",
        OURS,
        """CITATORIO
Usted deberá presentar los expedientes solicitados el 3 de junio.""",
    ),
    _paper(
        "a1.pdf",
        "to a witness of the case",
        ANOTHERS,
        """SUBPOENA IN A CRIMINAL CASE
TO: Maria Ejemplo, 12 Sample Street, Anytown
YOU ARE COMMANDED to appear and testify as a witness for the State.""",
    ),
    _paper(
        "a2.pdf",
        "to the jail's keeper of records, who is not ours",
        ANOTHERS,
        """SUBPOENA DUCES TECUM
TO: Custodian of Records, Example County Jail
YOU ARE COMMANDED to produce the booking records of the defendant.""",
    ),
    _paper(
        "a3.pdf",
        "to a victim, in Spanish",
        ANOTHERS,
        """CITACIÓN
A: María Ejemplo, Calle Muestra 12
Se le ordena comparecer como testigo y declarar en el caso.""",
    ),
    _paper(
        "a4.pdf",
        "our own administrative subpoena to a jail",
        ANOTHERS,
        """DEPARTMENT OF HOMELAND SECURITY
IMMIGRATION ENFORCEMENT SUBPOENA
TO: Example Police Department, Records
YOU ARE HEREBY REQUIRED to produce the arrest record listed below.""",
    ),
    _paper(
        "x1.pdf",
        "a bench warrant: peace officers are to arrest",
        NONE,
        """SUPERIOR COURT OF EXAMPLE COUNTY
BENCH WARRANT
TO ANY PEACE OFFICER OF THE STATE:
YOU ARE COMMANDED to arrest the above named defendant and bring the defendant
before this court to answer for failing to appear.""",
    ),
    _paper(
        "x2.pdf",
        "an order to appear, to the defendant",
        NONE,
        """DISTRICT COURT
ORDER TO APPEAR
TO THE DEFENDANT: YOU ARE HEREBY ORDERED to appear before this court on
March 10, 2026 at 9:00 a.m. to answer the charge.""",
    ),
    _paper(
        "x3.pdf",
        "a notice of hearing that tells of a right to subpoena",
        TOLD_OF,
        """NOTICE OF HEARING
TO: The Defendant
You are required to attend. You have the right to subpoena witnesses and to
produce evidence on your behalf.""",
    ),
    _paper(
        "x4.pdf",
        "a forfeited bond: the surety is to bring the person",
        NONE,
        """ORDER OF FORFEITURE
IT IS ORDERED that the bond is forfeited. The surety shall produce the
defendant within 180 days. ICE and the surety were notified. The clerk is
directed to mail this order to the surety.""",
    ),
    _paper(
        "x5.pdf",
        "a sheriff is to bring the prisoner from ICE",
        NONE,
        """ORDER FOR TRANSPORT
IT IS ORDERED that the Sheriff of Example County shall transport the defendant
from the custody of ICE to this court. Law enforcement shall provide security.""",
    ),
    _paper(
        "x6.pdf",
        "a return of service tells of a subpoena",
        TOLD_OF,
        """RETURN OF SERVICE OF SUBPOENA
I served the subpoena upon John Ejemplo on March 1, 2026. The witness failed
to obey the subpoena.""",
    ),
    _paper(
        "x7.pdf",
        "a motion against one",
        TOLD_OF,
        """MOTION TO QUASH SUBPOENA
The defendant moves the court to quash the subpoena for his records.""",
    ),
    _paper(
        "x8.pdf",
        "an immigration court's notice to appear, which we issue ourselves",
        NONE,
        """U.S. DEPARTMENT OF HOMELAND SECURITY
NOTICE TO APPEAR
In removal proceedings under section 240 of the Immigration and Nationality Act
To: Respondent
YOU ARE ORDERED to appear before an immigration judge of the Department of
Justice to show why you should not be removed from the United States.""",
    ),
    _paper(
        "x9.pdf",
        "a detainer asks a jail to hold somebody",
        NONE,
        """DEPARTMENT OF HOMELAND SECURITY
IMMIGRATION DETAINER - NOTICE OF ACTION
TO: Example County Jail
FROM: Immigration and Customs Enforcement, Atlanta
IT IS REQUESTED THAT YOU: maintain custody of the alien for a period not to
exceed 48 hours and provide a copy to the alien.""",
    ),
    _paper(
        "x10.pdf",
        "a judgment whose sentence hands the person over to us",
        NONE,
        """JUDGMENT AND SENTENCE
The defendant is ordered to serve two years of probation, and is to be released
to the custody of ICE. The defendant must report to the probation officer, shall
submit to searches and provide records of employment.""",
    ),
    _paper(
        "x11.pdf",
        "a summons to answer a complaint, to the defendant",
        NONE,
        """SUMMONS
THE STATE OF GEORGIA TO: Jose Ejemplo, Defendant
You are hereby summoned and required to appear in this court to answer.""",
    ),
    _paper(
        "x12.pdf",
        "an arrest order, in Spanish",
        NONE,
        """TRIBUNAL SUPERIOR DE EJEMPLO
ORDEN DE ARRESTO
A CUALQUIER AGENTE DEL ORDEN PÚBLICO:
SE LE ORDENA arrestar al acusado y conducirlo ante este tribunal.""",
    ),
    _paper(
        "x13.pdf",
        "a notice of hearing, in Spanish",
        NONE,
        """NOTIFICACIÓN DE VISTA
A: El acusado
Se le ordena comparecer ante el tribunal el 10 de marzo de 2026.""",
    ),
    _paper(
        "x14.pdf",
        "a record that a served subpoena came back, in Spanish",
        TOLD_OF,
        """CONSTANCIA DE CITACIÓN
El testigo no compareció conforme a la citación.""",
    ),
    _paper(
        "x15.pdf",
        "minutes: somebody came because of a subpoena",
        TOLD_OF,
        """MINUTES OF PROCEEDINGS
The witness appeared pursuant to subpoena. The defendant was ordered to
produce proof of address; ICE detained him before the hearing.""",
    ),
    _paper(
        "x16.pdf",
        "a release order that mentions a detainer",
        NONE,
        """ORDER OF RELEASE
IT IS ORDERED that the defendant be released on bond, subject to the detainer
of ICE. The defendant shall appear at every hearing.""",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A paper that is a cry for help, or only speaks of grave things."""

    reason: str
    text: str


#: Letters in which somebody asks for help.
LETTERS = (
    Page(
        reason="a brother",
        text="""Dear Sir,
my brother is in ICE detention. The guards beat him and he says he will kill
himself tonight.""",
    ),
    Page(
        reason="without any greeting",
        text="""My son is held at the detention center in Anytown. He cannot breathe and
nobody comes. He is diabetic and they do not give him his insulin.""",
    ),
    Page(
        reason="counsel, with the caption of the case above the letter",
        text="""LAW OFFICE OF J. EXAMPLE
Re: People v. Muestra, Superior Court of Example County, Case No. 26-CR-000123
To whom it may concern,
my client is in your custody. The guards beat him every night and he told me
that he wants to kill himself.""",
    ),
    Page(
        reason="a letter on top of an indictment",
        text="""Dear Officer, my client says that he will hang himself in his cell tonight.
The indictment follows.\fSUPERIOR COURT OF EXAMPLE COUNTY
STATE OF GEORGIA v. JOSE MUESTRA
INDICTMENT No. 26-1. The grand jury charges that he did unlawfully beat the victim.""",
    ),
    Page(
        reason="in Spanish",
        text="""Estimados señores:
Mi esposo está detenido por ICE. Los guardias lo golpean y dice que se va a
quitar la vida.""",
    ),
    Page(
        reason="a mother, in Spanish, with no greeting",
        text="""Un guardia golpeó a mi hijo en el centro de detención y no le dan su
medicina para el corazón. Se está muriendo.""",
    ),
)

#: Papers of courts and the police that speak of violence.
COURT_PAPERS = (
    Page(
        reason="an indictment",
        text="""SUPERIOR COURT OF EXAMPLE COUNTY
STATE OF GEORGIA v. JOSE MUESTRA
INDICTMENT No. 26-1
The guards saw that he beat the victim in his cell every night and said that
he would kill her. He choked her until she could not breathe.""",
    ),
    Page(
        reason="a criminal complaint whose second page has no caption",
        text="""DISTRICT COURT, COUNTY OF EXAMPLE
CRIMINAL COMPLAINT, Case No. 26-CR-9
\fHe told the victim he would kill her tonight. He beat her every night. She said
please help me, I cannot breathe. He said he wants to kill himself.""",
    ),
    Page(
        reason="a police report",
        text="""EXAMPLE POLICE DEPARTMENT
INCIDENT REPORT, Report No. 26-001234
Reporting officer: Badge no. 12
Narrative: The victim said that her husband beat her and she is afraid that he
will kill her tonight. She stated that he raped her. Please send help, she said.""",
    ),
    Page(
        reason="a probable cause affidavit",
        text="""THE PEOPLE OF THE STATE OF CALIFORNIA, Plaintiff, v. JOSE MUESTRA
AFFIDAVIT OF PROBABLE CAUSE
The inmate was beaten in his cell by other inmates every night, and the
defendant said that he would kill him.""",
    ),
    Page(
        reason="a bench warrant",
        text="""SUPERIOR COURT OF EXAMPLE COUNTY
BENCH WARRANT, Docket No. BA141368
The defendant, who threatened to kill his wife and himself, failed to appear.""",
    ),
    Page(
        reason="a victim impact statement",
        text="""SUPERIOR COURT, CASE NO. 26-CR-9
VICTIM IMPACT STATEMENT
He beat me every night. He locked me up and raped me. I wanted to kill myself.""",
    ),
    Page(
        reason="a presentence report",
        text="""UNITED STATES DISTRICT COURT
PRESENTENCE REPORT, Docket No. 26-CR-9
He has tried to kill himself in his cell twice and says that guards beat him.""",
    ),
    Page(
        reason="a Spanish charging paper",
        text="""TRIBUNAL SUPERIOR DE EJEMPLO
EL PUEBLO v. JOSE MUESTRA, Caso Núm. 26-9
ACUSACIÓN. El acusado golpeó a la víctima todas las noches y dijo que la iba
a matar. La víctima dijo que se quería matar.""",
    ),
    Page(
        reason="a Spanish police report",
        text="""POLICÍA MUNICIPAL DE EJEMPLO
INFORME POLICIAL, Querella núm. 26-123
La víctima dice que su esposo la golpea en la casa y que la va a matar esta noche.""",
    ),
    Page(
        reason="a witness statement, which introduces its author",
        text="""COUNTY OF EXAMPLE SHERIFF
WITNESS STATEMENT, Case No. 26-9
My name is Jane Ejemplo. He hit me every night and said he will kill me.""",
    ),
    Page(
        reason="a judgment",
        text="""STATE OF GEORGIA, COUNTY OF EXAMPLE
JUDGMENT OF CONVICTION, Case No. 26-9
Count one: rape. Count two: trafficking of women whom he forced into prostitution.""",
    ),
)

#: What officials write into the form's box for the purpose.
PURPOSES = (
    "The defendant missed a hearing; the court decides on the bench warrant.",
    "Defendant is charged with aggravated assault and battery and failed to appear.",
    "The defendant, charged with murder, did not appear for trial; the bond was forfeited.",
    "To show that the failure to appear on a domestic violence charge was due to ICE custody.",
    "Probationer convicted of sexual abuse did not report; violation hearing is pending.",
    "Surety seeks to set aside the forfeiture: the principal was detained by ICE on that date.",
    "El acusado de agresión sexual no compareció al juicio; la fianza fue confiscada.",
    "Para demostrar al tribunal que la falta de comparecencia se debió a la detención por ICE.",
)
#: What somebody in danger says there.
CRYING_PURPOSES = (
    "The defendant told me that guards beat him every night and he says he will kill himself.",
    "Necesito saber dónde está: los guardias lo golpean cada noche y dice que se va a matar.",
)
