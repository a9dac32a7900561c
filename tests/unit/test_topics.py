"""What mail is about: plain cases in both languages, and traps that words alone walk into.

A row is a text and the topics it is about, in their order. `-` stands for none.
"""

from __future__ import annotations

import pickle

import pytest

from config.data import TOPIC_FILES, read_data
from parsers.classification.classify import ClassificationContext, MessageKind, Verdict, classify
from parsers.classification.directory import parse_directory
from parsers.classification.phrases import (
    build_index,
    find_phrases,
    mask_phrases,
    parse_phrase,
    split_words,
)
from parsers.classification.topic_table import Handling, parse_topic_table
from parsers.classification.topics import read_text
from parsers.errors import ParseError
from parsers.mail.parsing import parse_message

SCALE = tuple(map(read_data, TOPIC_FILES[1:]))
TABLE = parse_topic_table(*map(read_data, TOPIC_FILES))
DIRECTORY = parse_directory(read_data("contacts/contacts.toml"))
CONTEXT = ClassificationContext(own_addresses=frozenset({"ero@agency.example"}), topics=TABLE)


def rows(block: str) -> list[tuple[str, str]]:
    """Return the rows of a block: topics, a bar, the text."""
    found = []
    for line in block.strip().splitlines():
        topics, _, text = line.partition("|")
        found.append((text.strip(), topics.strip()))
    return found


def judge(text: str) -> str:
    return " ".join(topic.name for topic in read_text(text, TABLE).topics) or "-"


PLAIN = rows(
    """
self_harm | I want to kill myself.
self_harm | My client told me he is suicidal.
self_harm | She says she does not want to live anymore and will take her own life.
self_harm | Mi hermano se quiere matar.
self_harm | Dice que ya no quiere vivir y que se va a quitar la vida.
danger_to_life | They said they will kill me if I talk.
danger_to_life | He cannot breathe and nobody comes, please call somebody.
danger_to_life | My father is in the detention center and they are not giving him his medication.
danger_to_life | Me amenazaron de muerte y tengo miedo por mi vida.
danger_to_life | Mi esposo se está muriendo en el centro de detención.
danger_to_life | Mi madre está detenida y no le dan su medicina para el corazón.
abuse_in_detention | A guard beat my brother in the detention center last night.
abuse_in_detention | My sister was sexually assaulted while in ICE custody.
abuse_in_detention | The officers at the facility are abusing the detainees.
abuse_in_detention | Un guardia golpeó a mi hermano en el centro de detención.
abuse_in_detention | Mi hija fue abusada sexualmente estando detenida por ICE.
trafficking | My cousin is being forced into prostitution by a man who took her passport.
trafficking | I am a victim of human trafficking and need help.
trafficking | Soy víctima de trata de personas.
trafficking | Obligan a mi prima a prostituirse en una casa.
trafficking_in_detention | Women in the detention center are trafficked by guards.
trafficking_in_detention | Hay trata de personas dentro del centro de detención.
demand | Attached is a subpoena duces tecum.
demand | Please find attached the court's order directing ICE to appear.
demand | Adjunto encontrará una citación judicial dirigida a su agencia.
request_form | Please send me the request form.
request_form | How do I ask whether a defendant was in ICE custody on the court date?
request_form | Necesito el formulario para pedir esa información.
request_form | El acusado no se presentó a la audiencia porque estaba detenido por ICE. ¿Cómo lo verifico?
request_form | My client missed court because immigration detained him. How can we prove that?
locate_detainee | Where is my husband detained?
locate_detainee | I am trying to find my brother, ICE picked him up on Monday.
locate_detainee | ¿Dónde está detenido mi esposo?
locate_detainee | ¿Adónde llevaron a mi hermano? Lo agarró la migra ayer.
immigration_bond | How do I pay my husband's immigration bond?
immigration_bond | ¿Dónde pago la fianza de inmigración de mi esposo?
detainer | How long may our jail hold somebody on a detainer?
detainer | ¿Cuánto tiempo vale un detainer?
bring_to_testify | Please produce the detainee next month for trial; he is in ICE custody.
bring_to_testify | Necesitamos llevar al detenido por ICE a la audiencia del mes próximo para declarar como testigo.
officer_help | I am a deputy on a traffic stop and need to verify the immigration status of a driver.
officer_help | Soy oficial de policía y necesito verificar el estatus migratorio de un arrestado.
fugitives | I saw a man from your most wanted list.
fugitives | Vi a uno de los más buscados en mi barrio.
crime_tip | I want to report a gang that is smuggling drugs.
crime_tip | Quiero denunciar actividad sospechosa: venden drogas en esa casa.
cyber_incident | Our network was hit by ransomware last night.
cyber_incident | Hackearon los servidores de nuestra oficina.
cyber_training | Do you offer cyber training for detectives?
cyber_training | ¿Ofrecen un curso de ciberseguridad para policías?
prosecutorial_discretion | I request the favorable exercise of prosecutorial discretion.
prosecutorial_discretion | Solicito la discreción procesal en el caso de mi cliente.
g28_filing | Where do I file my G-28?
g28_filing | ¿Dónde presento el formulario G-28?
case_review | How do I request an ICE Case Review?
case_review | Quiero pedir la revisión de mi caso de detención.
address_and_check_in | I moved and need to change my address with ICE.
address_and_check_in | Tengo que cambiar la fecha de mi cita con inmigración.
own_records | I need a copy of my immigration file.
own_records | Quiero una copia de mi expediente migratorio.
published_records | Where is your FOIA library?
published_records | ¿Dónde están los registros publicados de la agencia?
media | I am a reporter and request comment for a story.
media | Soy periodista y solicito una entrevista.
congress | I write from Senator Doe's office about a constituent.
congress | Escribo de la oficina de la senadora Doe.
inspector_general | How do I reach the Inspector General?
inspector_general | ¿Cómo contacto al Inspector General?
civil_rights | I want to report racial profiling and discrimination.
civil_rights | Me negaron un intérprete, son mis derechos civiles.
complaints | How do I file a complaint about an officer?
complaints | Quiero presentar una queja contra un agente.
privacy | I have a question about your privacy policy.
privacy | Tengo una pregunta sobre su política de privacidad.
accessibility | Your website does not work with my screen reader.
accessibility | La página no es accesible con mi lector de pantalla.
attorneys | How do I schedule a legal visit with my client in ICE detention?
attorneys | Soy abogado y quiero visitar a mi cliente detenido por ICE.
community | We are a church and would like to invite you to a community meeting.
community | Nuestra organización comunitaria quiere una charla.
small_business | We are a small business and want to become a vendor.
small_business | Somos una pequeña empresa y queremos ser proveedores.
careers | I would like to apply for a job as deportation officer.
careers | Quiero solicitar empleo como oficial de deportación.
students | My school needs SEVP certification to issue the I-20.
students | Tengo una visa de estudiante y pregunto por SEVIS.
programme_287g | How does our county join the 287(g) program?
programme_287g | ¿Qué es el programa 287(g)?
foreign_fugitives | Who handles INTERPOL red notices?
foreign_fugitives | ¿Quién se ocupa de las alertas rojas de INTERPOL?
fugitive_operations | Who leads Fugitive Operations in our state?
fugitive_operations | ¿Qué son las operaciones de fugitivos?
criminal_apprehension | What is the Criminal Apprehension Program?
criminal_apprehension | ¿Qué hace el Criminal Alien Program?
alternatives_to_detention | How does the ankle monitor of ISAP work?
alternatives_to_detention | Tengo un grillete de ISAP que no carga.
detention_management | What are the visiting hours of the detention center?
detention_management | ¿Cuál es el horario de visita del centro de detención?
statistics | How many people were deported last year?
statistics | Busco estadísticas de deportaciones.
removal | How does the removal process work?
removal | ¿Cómo funciona el proceso de deportación?
international_offices | Do you have an attaché in Madrid?
international_offices | ¿Tienen oficinas en el extranjero?
detention_questions | My wife is detained and I cannot reach her.
detention_questions | Separaron a mi hermana detenida de sus hijos menores.
detention_questions | When will my brother be released from ICE detention?
"""  # noqa: E501  a row is a line
)

TRAPS = rows(
    """
- | The bond was forfeited in the criminal case, docket 26-CR-000123.
- | Our surety posted a criminal bond of $10,000 in Superior Court.
request_form | I am a bail agent. The defendant missed court because ICE detained him and the bond is forfeited; where do I get the form?
request_form | The bondsman asks: was the defendant in ICE custody when he failed to appear?
request_form | El fiador pregunta cómo pedir la verificación: el acusado faltó a la corte porque ICE lo detuvo.
- | Bond exonerated by the county court; please update your file.
- | La fianza penal fue confiscada por la corte superior.
immigration_bond | The immigration judge set a bond of $5,000. Where do I pay it?
immigration_bond | El juez de inmigración le puso fianza, ¿dónde la pago?
immigration_bond | I am the obligor and want my immigration bond money back.
bring_to_testify | Please produce the detainee next month for the hearing; he is held by ICE.
bring_to_testify | We need the defendant, now in ICE detention, transported to court for trial on June 9.
bring_to_testify | The victim is to be removed; please keep the witness here to testify at trial.
bring_to_testify | Solicitamos trasladar al acusado detenido por ICE al tribunal para el juicio.
- | Please produce the documents you promised on the phone.
- | The defendant has been detained by traffic and will be late.
- | He was detained by the storm.
detainer | Is the detainer still in force?
locate_detainee | Where is the detainee now?
- | We would like to kill the warrant once you confirm.
- | The judge wants to kill the capias, kindly advise.
- | I am dying to know what came of it.
- | The waiting is killing me.
- | Me muero por saber la respuesta.
- | Queremos matar el tiempo mientras esperamos.
- | We can kill two birds with one stone.
- | Please shoot me an email when you can.
- | This case is a matter of some urgency, the deadline is Friday.
- | That theory is dead wrong.
- | The death certificate is attached to the court's file.
- | He faces the death penalty in another state.
- | Suicide Prevention Coordinator, Example County
- | If you are in crisis, call the Suicide and Crisis Lifeline at 988.
- | Our office holds a training on suicide prevention in May.
- | It would be political suicide.
- | Línea de prevención del suicidio: 988
- | The defendant is charged with assault and is detained by ICE.
- | The defendant was arrested for sexual abuse and then taken into ICE custody.
- | He was convicted of aggravated assault and battery in 2019 and is now in ICE detention.
- | The detainee is charged with assault on an officer at the county jail.
- | The case is State v. Doe, rape in the second degree; he is held by ICE.
- | The charge is domestic violence; the defendant is in immigration custody.
- | El acusado enfrenta cargos por agresión y está bajo custodia.
- | Fue condenado por abuso sexual y deportado.
- | Está acusado de violación y detenido en el condado.
- | El acusado violó su probatoria.
- | Es una violación de la libertad condicional.
- | Probation violation and substance abuse treatment.
- | It would be an abuse of discretion.
- | The order was an abuse of process.
- | The defendant is charged with human trafficking in our county.
- | Human trafficking charges are pending against the defendant.
- | He was arrested for trafficking in cocaine.
- | The charge is drug trafficking.
- | El acusado enfrenta cargos por trata de personas.
- | Está acusado de tráfico de drogas.
- | Jane Roe, Human Trafficking Task Force, Example County
- | Assistant District Attorney, Human Trafficking Unit
- | Fiscal de la unidad contra la trata de personas
- | The murder case is set for trial and the defendant is in custody.
- | The defendant is charged with threatening to kill his wife.
- | Attempted murder, first degree; bail was denied.
- | El delito es homicidio en grado de tentativa.
- | Acusado de amenazas de muerte.
- | The victim advocate of our office will call you.
- | Crime Victims Compensation Board
- | Our court reporter needs the spelling of your name.
- | The prosecutor will not press charges.
- | Thank you for your reply.
- | Gracias por su respuesta.
- | Good morning, any news?
- | Buenos días, ¿hay noticias?
- | The hearing was continued to June 9.
- | La audiencia se aplazó para el 9 de junio.
- | The warrant is outstanding.
- | My phone number has changed to 202-555-0141.
- | He lost his job.
- | The state senator lives on our street. Please note the new suite.
- | Please use our new address for letters: 1 Example Plaza.
- | The clerk's office closes at 5 p.m.
- | Please see the attached.
- | Adjunto el formulario.
- | The request form is attached.
- | Attached please find the completed request form.
- | Anexo el formulario completo.
- | The criminal complaint was filed in March.
- | The complaint number is 26-1234.
- | We need your fax number.
- | Sent from my phone
- | Detention pond inspection is next week.
- | The privacy waiver is attached.
- | The consent form is attached.
- | No reply is necessary.
- | Her national origin is on page two.
- | Community service was completed by the defendant.
- | The fugitive squad of our county has the warrant.
- | Stroke of luck: the file turned up.
self_harm | He is charged with DUI and told us in court that he will kill himself.
self_harm | Dying to hear from you. Seriously, I want to die.
self_harm | Attached is the request form for my client, who is suicidal in the detention center.
self_harm | Adjunto el formulario. Mi cliente intentó suicidarse anoche.
self_harm | i cant go on living like this, goodbye
self_harm | she is cutting herself in her cell
self_harm | He tried to hang himself at the facility.
self_harm | ya no tengo ganas de vivir
self_harm | se cortó las venas en la celda
self_harm | intentó ahorcarse
self_harm | Prefiero morir antes que seguir así.
self_harm | He took an overdose of pills.
danger_to_life | He is held on a charge of DUI in ICE custody and is being denied his insulin.
danger_to_life | The cartel will kill us if we are deported.
danger_to_life | Si lo deportan lo van a matar.
danger_to_life | My uncle, detained by ICE, has chest pains and no doctor has come.
danger_to_life | He has been on a hunger strike for ten days in the detention center.
danger_to_life | Hay un hombre con una pistola en la cabeza de mi hermana.
danger_to_life | My wife was kidnapped.
danger_to_life | Mi hijo detenido está inconsciente.
danger_to_life | Un hombre tiene secuestrada a mi hermana.
abuse_in_detention | The form is attached. My client was raped by another detainee at the processing center.
abuse_in_detention | He was beaten in the facility after he was charged with DUI.
abuse_in_detention | They are hitting my son in the detention center.
abuse_in_detention | An officer touches the women in the immigration jail.
abuse_in_detention | A mi esposo lo golpearon en el centro de detención.
abuse_in_detention | Las detenidas sufren abusos de los guardias.
abuse_in_detention | Mi hermana fue violada en el centro de detención.
abuse_in_detention | My daughter is mistreated in ICE detention.
trafficking | She is held against her will and forced to work without pay.
trafficking | Una red de trata tiene a mi hija.
trafficking | I was trafficked to this country as a child.
demand | You are hereby served with a subpoena to produce records of custody.
demand | The court ordered ICE to produce the defendant; the signed writ of habeas corpus is attached.
demand | We demand compliance with the order of the court attached hereto.
demand | Notifico a su agencia la orden judicial adjunta.
request_form | Do I need a subpoena, or is there a form to ask?
request_form | Please send the form, we do not want to use a subpoena.
media | I am a journalist working on a story about suicides of the past: may I have a comment from your spokesperson on statistics?
locate_detainee immigration_bond | Where is my husband detained? And how do I pay his immigration bond?
request_form locate_detainee | Please send the request form. And where is the detainee now?
own_records complaints | I want a copy of my immigration records, and I want to file a complaint about an officer.
locate_detainee immigration_bond | ¿Dónde está detenido mi hermano? ¿Y cómo se paga la fianza de inmigración?
demand | The judge has commanded the custodian of records to appear on December 3 with the file.
demand | You are hereby ordered to appear and bring the documents before the Superior Court.
demand | Pursuant to Rule 45 you must produce the documents described in Exhibit A.
demand | The Court ORDERS Immigration and Customs Enforcement to release the records.
demand | You have been served.
demand | Failure to comply may result in contempt. Produce all documents regarding the defendant.
demand own_records | This is a grand jury request for the A-file.
demand | El juez ordenó que ustedes entreguen el expediente del acusado.
demand | Por orden del tribunal, deben enviar los documentos.
demand | Citación: se le cita a comparecer ante el Tribunal Superior con los documentos.
request_form | Is there a way to avoid a subpoena here? Where is the form?
- | The defendant was ordered to appear on June 9 and did not.
- | Our client was commanded to appear before the Superior Court in May.
- | El acusado fue citado para el 9 de junio.
request_form | The defendant was subpoenaed as a witness in another case and missed it because ICE had him. What form do we need?
bring_to_testify | Can you bring the inmate to our court for trial on December 15?
bring_to_testify | We need Mr. Doe, who is in your custody, brought to our courtroom on January 14.
bring_to_testify | The State needs the defendant, now in ICE custody, for sentencing on 1/20/2027. How do we get him transported?
bring_to_testify | Necesitamos al detenido en nuestra sala el 15 de enero. ¿Cómo lo trasladan?
bring_to_testify | Necesitamos que traigan al detenido a declarar el mes que viene.
locate_detainee careers | How do I become a deportation officer, and where is my cousin detained?
detainer officer_help | Our jail got a detainer for an inmate and our deputies need to verify his identity right now.
locate_detainee crime_tip | ¿Dónde tienen a mi esposo, que está detenido? También quiero denunciar que en mi calle venden drogas.
locate_detainee complaints | Is my uncle still detained by ICE? Also the guards are rude, I want to file a complaint.
crime_tip | Mi vecino vende droga y tiene armas, quiero reportarlo.
detention_questions | Quiero saber si mi hijo ya fue deportado.
detention_questions | Has my client Juan been deported?
"""  # noqa: E501  a row is a line
)


#: What words weigh is not learned from these.
ERRANDS = rows(
    """
locate_detainee | Where is my cousin being held? I paid the bond, 2500, and hear nothing.
locate_detainee | Where is he being held?
- | Where will the hearing be held?
- | The bond hearing was held on May 4; where is the order?
"""
)


@pytest.mark.parametrize(("text", "topics"), ERRANDS, ids=[t for t, _ in ERRANDS])
def test_being_held_tells_of_a_person_and_not_of_a_hearing(text: str, topics: str) -> None:
    assert judge(text) == topics


@pytest.mark.parametrize(("text", "topics"), PLAIN, ids=[t for t, _ in PLAIN])
def test_plain_words_are_understood(text: str, topics: str) -> None:
    assert judge(text) == topics


@pytest.mark.parametrize(("text", "topics"), TRAPS, ids=[t for t, _ in TRAPS])
def test_traps_are_not_walked_into(text: str, topics: str) -> None:
    assert judge(text) == topics


def test_every_topic_is_tried_in_both_languages() -> None:
    tried = {(judge(text), read_text(text, TABLE).language) for text, _ in PLAIN}
    assert tried >= {(topic.name, language) for topic in TABLE.topics for language in ("en", "es")}


def mail(
    *, subject: str = "", body: str = "", fields: tuple[str, ...] = (), pdf: bool = False
) -> Verdict:
    head = ["From: clerk@courts.example", f"Subject: {subject}", *fields]
    if pdf:
        lines = [
            *(*head, 'Content-Type: multipart/mixed; boundary="b"', "", "--b", ""),
            *(body, "--b", "Content-Type: application/pdf; name=f.pdf", "", "%PDF-1.4", "--b--"),
        ]
    else:
        lines = [*head, "Content-Type: text/plain; charset=utf-8", "", body]
    return classify(parse_message("\n".join(lines).encode()), CONTEXT)


CRY = "I want to kill myself."
QUOTED = "On Mon, May 4, 2026 at 3:00 PM, ERO <ero@agency.example> wrote:"
FORWARDED = "---------- Forwarded message ---------\nFrom: son@mail.example\nSubject: help"


@pytest.mark.parametrize(
    ("subject", "body", "topics"),
    [
        pytest.param("Where is my son detained?", "Please.", ["locate_detainee"], id="subject"),
        pytest.param("Re: Where is my son detained?", "Thanks.", [], id="subject of an answer"),
        pytest.param("RV: ¿Dónde está detenido mi hijo?", "Gracias.", [], id="of a forward"),
        pytest.param("Re: Here is the Request Form", "Thank you!", [], id="our own subject"),
        pytest.param(
            "Re: x", f"Thanks.\n\n{QUOTED}\n> Where is he detained?", [], id="a quotation"
        ),
        pytest.param("x", f"Thanks.\n-- \nJ. Doe\n{CRY}", [], id="a signature"),
        pytest.param(
            "x",
            "Please advise.\n\nJ. Doe\nSuicide Prevention Coordinator\nExample County",
            [],
            id="a title in a signature without its mark",
        ),
        pytest.param(
            "x",
            "Thanks.\n\nCONFIDENTIALITY NOTICE: This e-mail is confidential and privileged. If "
            f"you are not the intended recipient, delete it. {CRY}",
            [],
            id="a disclaimer",
        ),
        pytest.param("x", f"> Any news?\n\n{CRY}", ["self_harm"], id="urgent below a quotation"),
        pytest.param("Fwd: help", f"FYI\n\n{FORWARDED}\n\n{CRY}", ["self_harm"], id="passed on"),
        pytest.param(
            "Fwd: help",
            f"FYI\n\n{FORWARDED}\n\nWhere is he detained?",
            [],
            id="what is passed on counts only where it is urgent",
        ),
        pytest.param("Re: I want to die", "Please!", ["self_harm"], id="a subject again"),
        pytest.param("", "", [], id="nothing at all"),
    ],
)
def test_what_counts_is_what_the_author_wrote(subject: str, body: str, topics: list[str]) -> None:
    assert [t.name for t in mail(subject=subject, body=body).about.topics] == topics


@pytest.mark.parametrize(
    ("body", "kind", "rule"),
    [
        pytest.param("Please send the form.", "form_wanted", "form_asked_for", id="the form"),
        pytest.param("Where is he detained?", "misdirected", "belongs_elsewhere", id="elsewhere"),
        pytest.param(CRY, "misdirected", "urgent_words", id="urgent"),
        pytest.param(f"The subpoena is here. {CRY}", "misdirected", "demand_made", id="a demand"),
        pytest.param("Good morning.", "other", "no_attachment", id="nothing"),
    ],
)
def test_what_a_mail_without_a_form_is_about_decides(body: str, kind: str, rule: str) -> None:
    verdict = mail(body=body)
    assert (verdict.kind.value, verdict.rule) == (kind, rule)


@pytest.mark.parametrize("body", ["Where is he detained?", CRY, "A subpoena is attached."])
def test_a_mail_that_brings_a_form_is_a_request_whatever_it_is_about(body: str) -> None:
    verdict = mail(body=body, pdf=True)
    assert verdict.kind is MessageKind.REQUEST
    assert verdict.about.topics


@pytest.mark.parametrize(
    "field",
    [
        pytest.param("Auto-Submitted: auto-replied", id="a program"),
        pytest.param("List-Id: <news.example>", id="a list"),
    ],
)
def test_nothing_that_no_person_wrote_is_about_anything(field: str) -> None:
    assert mail(body=CRY, fields=(field,)).about.topics == ()


def test_html_alone_is_read_as_text() -> None:
    raw = (
        f"From: a@b.example\nContent-Type: text/html\n\n<p>I want <b>to</b> kill<br>myself</p>{''}"
    )
    assert [t.name for t in classify(parse_message(raw.encode()), CONTEXT).about.topics] == [
        "self_harm"
    ]


def test_nothing_is_looked_for_without_a_table() -> None:
    bare = ClassificationContext(own_addresses=frozenset())
    raw = b"From: a@b.example\n\nWhere is he detained?"
    assert classify(parse_message(raw), bare) == Verdict(
        kind=MessageKind.OTHER, rule="no_attachment"
    )


@pytest.mark.parametrize(
    ("text", "language"),
    [
        pytest.param("Where is he?", "en", id="English"),
        pytest.param("¿Dónde está mi hijo?", "es", id="Spanish"),
        pytest.param("Formulario", "es", id="one Spanish word"),
        pytest.param("", "en", id="nothing"),
        pytest.param("Dear Señora Núñez de la Cruz, please see the form.", "en", id="names"),
        pytest.param("Hola, necesito el Request Form por favor", "es", id="with an English name"),
    ],
)
def test_the_language_is_told_by_its_small_words(text: str, language: str) -> None:
    assert read_text(text, TABLE).language == language


def test_the_table_goes_to_another_process_and_is_the_same_there() -> None:
    assert pickle.loads(pickle.dumps(TABLE)) is TABLE
    files = TABLE.sources
    assert len(pickle.dumps(TABLE)) < sum(map(len, files)) + 1000


def test_every_channel_of_a_topic_is_in_the_directory_and_every_row_is_used() -> None:
    named = {channel for topic in TABLE.topics for channel in topic.channels}
    assert named == set(DIRECTORY.channels)


def test_only_a_demand_names_no_channel() -> None:
    silent = {t.name for t in TABLE.topics if not t.channels}
    assert silent == {"demand"}
    first = {t.channels[0] for t in TABLE.topics if t.handling is Handling.URGENT}
    assert first == {"emergency"}


@pytest.mark.parametrize(
    ("phrase", "text", "stands"),
    [
        pytest.param("kill myself", "I will KILL   myself!", True, id="case and blanks"),
        pytest.param("suicid*", "suicidal", True, id="a beginning"),
        pytest.param("que se mate", "¡Qué se maté!", True, id="accents"),
        pytest.param("dont want", "I don’t want", True, id="an apostrophe"),
        pytest.param("take .. life", "take his own precious life", True, id="words between"),
        pytest.param("take .. life", "take a b c d e life", False, id="too many between"),
        pytest.param("take .. life", "take it. Life", False, id="never over the end of a sentence"),
        pytest.param("take life", "take\n\nlife", False, id="nor of a paragraph"),
        pytest.param("take life", "take\nlife", True, id="but over the end of a line"),
        pytest.param("end my own? life", "end my life", True, id="a word that may be missing"),
        pytest.param("a|b c", "b c", True, id="alternatives"),
        pytest.param("287 g", "the 287(g) program", True, id="signs between"),
    ],
)
def test_a_phrase_stands_where_it_should(phrase: str, text: str, *, stands: bool) -> None:
    index = build_index([parse_phrase(phrase)])
    assert (phrase in find_phrases(split_words(text), index)) is stands


def test_figures_of_speech_are_passed_over() -> None:
    figures = build_index([parse_phrase("kill two birds")])
    assert mask_phrases(split_words("kill two birds"), figures) == ["_", "_", "_"]


@pytest.mark.parametrize("phrase", ["", "..", ".. a", "a ..", "a? b", "ab* c", "a-b", "a||b"])
def test_what_is_no_phrase_is_refused(phrase: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_phrase(phrase)
    assert caught.value.code == "bad_phrase"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xff", id="no text"),
        pytest.param(b"topic = 3", id="no table"),
        pytest.param(b"figures = []\n[words]\n[languages]\n[[topic]]\nname='a'", id="half a topic"),
        pytest.param(
            b"figures=[]\n[words]\n[languages]\n[[topic]]\nname='a'\ntitle={}\ndisplaces=['b']\n"
            b"[[topic.rule]]\nname='r'\nen=['x']",
            id="an unknown topic",
        ),
        pytest.param(
            b"figures=[]\n[words]\n[languages]\n[[topic]]\nname='a'\ntitle={}\n"
            b"[[topic.rule]]\nname='r'\nen=['@none']",
            id="an unknown list of words",
        ),
    ],
)
def test_what_is_no_table_of_topics_is_refused(data: bytes) -> None:
    with pytest.raises(ParseError) as caught:
        parse_topic_table(data, *SCALE)
    assert caught.value.code == "bad_topics"


@pytest.mark.parametrize(
    "piece", ["kill ", "end my ", "not ", "a", "kill\n\n", "detained by the ", "¿", "\u0301"]
)
def test_the_work_grows_no_faster_than_the_text(piece: str) -> None:
    """Count the places looked at, since a time would depend on the machine."""
    looked_at = []
    for size in (20_000, 40_000):
        words = split_words(piece * (size // len(piece)))
        tried = sum(len(TABLE.index.list_candidates(word)) for word in words)
        looked_at.append(tried + len(words))
    assert looked_at[1] <= 2.2 * looked_at[0] + 10
    read_text(piece * 200_000, TABLE)


def test_no_more_than_a_long_letter_is_read() -> None:
    assert judge("a " * 60_000 + CRY) == "-"
