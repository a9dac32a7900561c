"""The words that invented requests are made of.

Surnames say "example", "sample" or "invented" in their language, so that nobody real is meant.
"""

from __future__ import annotations

#: Language: given names, surnames. The first six can be written with the characters of WinAnsi.
NAMES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Spanish": (
        ("José Andrés", "María de los Ángeles", "Íñigo", "Ramón", "Verónica Itzel", "Jesús"),
        (
            "Ejemplo Muestra",
            "de la Muestra Peña",
            "Ibáñez del Modelo",
            "Muñoz y Ejemplo",
            "Güereña-Muestra",
            "Ficticia viuda de Ejemplo",
            "De los Modelos",
            "Ñúñez Inventado",
        ),
    ),
    "English": (
        ("Dana Lee", "Mary-Kate", "J. Patrick", "DeShawn", "Ann"),
        ("O'Sample", "McPattern", "St. Example", "Specimen-Hill", "D’Invent", "Sample"),
    ),
    "French": (
        ("Éloïse", "Jean-Noël", "François", "Anaïs Zoé", "Benoît"),
        ("L'Exemple", "Modèle-Fictif", "d’Échantillon", "Spécimen", "Fauxprénom"),
    ),
    "Portuguese": (
        ("João Antônio", "Conceição", "Inês", "Gonçalo"),
        ("da Amostra", "Exemplo dos Santos", "Fictício Magalhães", "Modelação"),
    ),
    "German": (
        ("Jürgen", "Käthe", "Sönke", "Änne"),
        ("Muster", "Größenbeispiel", "von Müster", "Beispiel-Süß"),
    ),
    "Haitian": (("Wislande", "Jean-Roudly", "Mirlande"), ("Egzanp", "Modèl", "Echantiyon")),
    "Vietnamese": (
        ("Thị Ngọc Ánh", "Văn Đức", "Minh Phượng", "Quốc Huy"),
        ("Nguyễn Mẫu", "Thí Dụ", "Trần Ví Dụ", "Lê Giả Định"),
    ),
    "Turkish": (
        ("Çağla", "Gökhan", "İlkay", "Işıl Nur"),
        ("Örnek", "Numuneoğlu", "Uydurmuş", "Şablon-Örnek"),
    ),
    "Romanian": (
        ("Ștefan", "Mădălina", "Răzvan Ioniță", "Înga"),
        ("Exemplu", "Pildăreanu", "Șablonescu", "Mostră-Țintă"),
    ),
    "Polish": (
        ("Łukasz", "Małgorzata", "Grażyna", "Józef"),
        ("Przykładowski", "Wzór-Zmyślona", "Wzorcowńska", "Żądłowzór"),
    ),
    "Yoruba": (("Adébọ́lá", "Olúwaṣeun", "Ṣadé"), ("Àpẹẹrẹ", "Àwòṣe", "Olúṣàpẹẹrẹ")),
    "Czech": (("Jiří", "Božena", "Růžena"), ("Vzorový", "Příkladová", "Smyšlený")),
}

#: How often each language is met, in the order of `NAMES`.
NAME_WEIGHTS = (34, 14, 8, 7, 3, 6, 6, 5, 5, 5, 4, 3)

SUFFIXES = ("Jr.", "Sr.", "II", "III", "IV", "Hijo")

ALIASES = (
    "El Ejemplo",
    "Pepe Muestra",
    "J. Muestra",
    "Muestra, José",
    "Chuy",
    "La Güera",
    "Sample, Dana",
    "Juan Modelo-Peña",
    "“Flaco”",
)

AGENCIES = {
    "judge_or_clerk": ("Superior Court of Example County", "Clerk of the Sample District Court"),
    "prosecutor": (
        "Office of the District Attorney, Example County",
        "Commonwealth's Attorney for Sample City",
    ),
    "defense_counsel": (
        "Public Defender of Example County",
        "Law Offices of Sample & Pattern, P.L.L.C.",
    ),
    "probation_or_parole": (
        "Example County Adult Probation Department",
        "State Board of Pardons and Paroles, Region 5",
    ),
    "law_enforcement_investigator": (
        "Anytown Police Department, Fugitive Unit",
        "Example County Sheriff's Office",
    ),
    "bail_or_surety": (
        "Example Bail Bonds",
        "Sample Casualty & Surety Company, Inc. (agent: A-1 Pattern Bonds)",
    ),
    "other": ("Sample Pretrial Services", "Example Community Mediation Center"),
}

TITLES = {
    "judge_or_clerk": ("Deputy Clerk of Court", "Presiding Judge", "Clerk III"),
    "prosecutor": ("Assistant District Attorney", "Deputy Prosecutor"),
    "defense_counsel": ("Assistant Public Defender", "Attorney"),
    "probation_or_parole": ("Senior Probation Officer", "Parole Agent II"),
    "law_enforcement_investigator": ("Det. Sgt.", "Investigator"),
    "bail_or_surety": ("Bail Agent", "Claims Manager, Surety"),
    "other": ("Case Manager", "Coordinator"),
}

CREDENTIALS = (
    "GA0600000",
    "CA019015A",
    "Bar No. 123456",
    "BA-000789",
    "Lic. 0X00123",
    "Badge 4471",
)

STREETS = (
    "17 Invented Plaza",
    "P.O. Box 1042",
    "1200 N. Pattern Ave., Suite 3-B",
    "Courthouse Annex, 4th Floor, Room 412, 255 East Sample Street",
    "Hall of Records, Mail Stop 77, 9000 Martin L. Example Jr. Blvd. (rear entrance), Building C",
    "3½ Muñoz Calle Real",
)

TOWNS = (
    "Anytown",
    "St. Example",
    "Villa Ejemplo",
    "Sampleville Heights",
    "Cañon Modelo",
    "Faketon",
)

#: USPS code, and other ways to write it.
STATES = {
    "GA": ("Georgia", "Ga."),
    "CA": ("California", "Calif."),
    "TX": ("Texas", "Tex."),
    "NC": ("North Carolina", "N. Carolina", "N.C."),
    "NY": ("New York", "N.Y."),
    "FL": ("Florida", "Fla."),
    "AZ": ("Arizona", "Ariz."),
    "WA": ("Washington", "Wash."),
    "NM": ("New Mexico", "N. Mex."),
    "DC": ("District of Columbia", "D.C."),
    "PR": ("Puerto Rico", "P.R."),
}

COUNTIES = ("Example", "Los Angeles", "Harris", "Kings", "Bexar", "San Luis Obispo", "Doña Ana")

#: ISO 3166 code, and how it is written.
COUNTRIES = {
    "MX": ("Mexico", "México", "Méx.", "MEXICO"),
    "SV": ("El Salvador", "El Salv."),
    "GT": ("Guatemala", "Guat."),
    "HN": ("Honduras", "Hond."),
    "DO": ("Dominican Republic", "Rep. Dom.", "República Dominicana"),
    "NI": ("Nicaragua",),
    "VN": ("Vietnam", "Viet Nam"),
    "CI": ("Ivory Coast", "Côte d'Ivoire"),
    "HT": ("Haiti", "Haïti"),
    "TR": ("Turkey", "Türkiye"),
    "RO": ("Romania",),
    "PL": ("Poland",),
    "NG": ("Nigeria",),
    "BR": ("Brazil", "Brasil"),
    "XK": ("Kosovo",),
    "Unknown": ("Unknown",),
}

COURTS = (
    "Superior Court of Example County",
    "44th Judicial District Court, Criminal Division 2",
    "Anytown Municipal Court",
    "Circuit Court of Sample County - Dept. 30",
    "Example County Probation, North Office",
    "Tribunal de Primera Instancia, Sala de Ejemplo",
)

TIMES = ("8:30 a.m.", "9:00 AM", "1:30 p.m.", "0900", "8:30 - 9:00", "morning calendar")

JAILS = (
    "Example County Jail, 03/02/2026",
    "Sample Detention Center, on or about Feb. 27, 2026",
    "Anytown City Lock-up (ICE hold), date unknown",
)

PURPOSES = (
    "The defendant missed a hearing; the court decides on the bench warrant.",
    "To decide the motion to vacate the forfeiture under the rule of this court.",
    "We must show where the principal was on the date of default: the time to answer runs out.",
    "A violation report is due. If the absence was not willful, we will withdraw it.",
    "Defense asks for the dates only (no other record), to support a motion to recall the warrant.",
    "La corte necesita saber si la ausencia se debió a la detención; el acusado no compareció.",
)
MORE_PURPOSES = (
    "Counsel was told by the family that officers stopped the car on the way to the courthouse.",
    "The clerk's minutes show that nobody answered when the case was called at 8:45 and 10:10.",
    "The bond company has asked twice & received no answer; 50% of the penal sum is at stake.",
    "Please answer for each date by itself, because the two hearings were in different divisions.",
    "Ref.: letter of the court no. 12/2026, pages 3-4, item #7.",
)
