"""Names of states and countries as people write them, beside those the libraries know.

Tables only; `places` reads them. States and territories are the Postal Service's (Publication 28,
appendix B); former countries keep the code that ISO 3166-3 withdrew.
"""

from __future__ import annotations

#: USPS code: the name, then abbreviations in common use, divided by `|`.
STATES = {
    "AL": "Alabama|Ala",
    "AK": "Alaska|Alas",
    "AZ": "Arizona|Ariz",
    "AR": "Arkansas|Ark",
    "CA": "California|Calif|Cal|Cali",
    "CO": "Colorado|Colo|Col",
    "CT": "Connecticut|Conn",
    "DE": "Delaware|Del",
    "DC": "District of Columbia|D C|Washington DC|Wash DC|Washington D C|Dist of Columbia|W DC"
    "|Dist Columbia|Dist of Col",
    "FL": "Florida|Fla|Flor",
    "GA": "Georgia|Geo",
    "HI": "Hawaii|Hawai i|Hawaiʻi",
    "ID": "Idaho|Ida",
    "IL": "Illinois|Ill|Ills",
    "IN": "Indiana|Ind",
    "IA": "Iowa|Ioa",
    "KS": "Kansas|Kans|Kan",
    "KY": "Kentucky|Ken|Kent",
    "LA": "Louisiana|Luisiana",
    "ME": "Maine",
    "MD": "Maryland",
    "MA": "Massachusetts|Mass",
    "MI": "Michigan|Mich",
    "MN": "Minnesota|Minn",
    "MS": "Mississippi|Miss",
    "MO": "Missouri|Misuri",
    "MT": "Montana|Mont",
    "NE": "Nebraska|Neb|Nebr",
    "NV": "Nevada|Nev",
    "NH": "New Hampshire|N Hampshire|N H|Nuevo Hampshire",
    "NJ": "New Jersey|N Jersey|N J|Nueva Jersey",
    "NM": "New Mexico|N Mexico|N Mex|N M|New Mex|Nuevo Mexico",
    "NY": "New York|N York|N Y|Nueva York|New York State",
    "NC": "North Carolina|N Carolina|N Car|N C|No Carolina|Carolina del Norte|North Car|N Caro",
    "ND": "North Dakota|N Dakota|N Dak|N D|Dakota del Norte",
    "OH": "Ohio",
    "OK": "Oklahoma|Okla",
    "OR": "Oregon|Ore|Oreg",
    "PA": "Pennsylvania|Penn|Penna|Pensilvania",
    "RI": "Rhode Island|R Island|R I|Rhode Isl",
    "SC": "South Carolina|S Carolina|S Car|S C|So Carolina|Carolina del Sur|South Car|S Caro",
    "SD": "South Dakota|S Dakota|S Dak|S D|Dakota del Sur",
    "TN": "Tennessee|Tenn",
    "TX": "Texas|Tex|Tejas",
    "UT": "Utah",
    "VT": "Vermont",
    "VA": "Virginia|Virg",
    "WA": "Washington|Wash|Washington State|State of Washington",
    "WV": "West Virginia|W Virginia|W Va|W V|Virginia Occidental",
    "WI": "Wisconsin|Wis|Wisc",
    "WY": "Wyoming|Wyo",
    "PR": "Puerto Rico|P R|Commonwealth of Puerto Rico",
    "GU": "Guam",
    "VI": "Virgin Islands|U S Virgin Islands|US Virgin Islands|USVI|V I|Islas Virgenes|St Croix"
    "|St Thomas|St John",
    "MP": "Northern Mariana Islands|N Mariana Islands|CNMI|Northern Marianas|Saipan",
    "AS": "American Samoa|Samoa Americana|Am Samoa",
    "TRIBAL": "Tribal|Tribe|Tribal court|Tribal nation|Indian country|Tribal lands|Tribal land",
}

#: Country code: names that neither ISO 3166 nor the Spanish locale gives, divided by `|`.
COUNTRIES = {
    "US": "United States|United States of America|USA|U S A|U S|America|Estados Unidos"
    "|Estados Unidos de America|EEUU|EE UU|E U A|EUA|E U",
    "MX": "Mexico|Mex|Mejico|Estados Unidos Mexicanos|Mx|Mexican|Mexicano|Mexicana|EUM|E U M"
    "|Republica Mexicana",
    "GT": "Guatemala|Guat|Guate|Gua|Guatemalan|Guatemalteco|Guatemalteca",
    "HN": "Honduras|Hond|Hon|Honduran|Hondureno|Hondurena",
    "SV": "El Salvador|El Salv|E Salvador|Salvador|Salv|El Sal|Salvadoran|Salvadoreno|Salvadorena",
    "NI": "Nicaragua|Nicar|Nica|Nic|Nicaraguan|Nicaraguense",
    "CR": "Costa Rica|C Rica|Costa Rican",
    "PA": "Panama|Pan|Panamanian",
    "BZ": "Belize|Belice|British Honduras",
    "CU": "Cuba|Cuban|Cubano|Cubana",
    "DO": "Dominican Republic|Dominican Rep|Dom Rep|Dom Republic|D R|DR|Rep Dom|Rep Dominicana"
    "|Republica Dominicana|R D|Santo Domingo|Dominicano|Dominicana|Rep Dominic|Republica Dom"
    "|Dominican",
    "HT": "Haiti|Hayti|Haitian|Ayiti",
    "JM": "Jamaica|Jam|Jamaican",
    "TT": "Trinidad|Trinidad and Tobago|Trinidad Tobago|Tobago",
    "CO": "Colombia|Columbia|Col|Colombian|Colombiano|Colombiana",
    "VE": "Venezuela|Venez|Ven|Venezuelan|Venezolano|Venezolana",
    "EC": "Ecuador|Ecua|Ecuadorian|Ecuatoriano|Ecuatoriana",
    "PE": "Peru|Peruvian|Peruano|Peruana",
    "BO": "Bolivia|Bolivian|Boliviano|Boliviana",
    "BR": "Brazil|Brasil|Braz|Brazilian|Brasileno|Brasilena",
    "CL": "Chile|Chilean",
    "AR": "Argentina|Arg|Argentine",
    "PY": "Paraguay",
    "UY": "Uruguay",
    "ES": "Spain|Espana",
    "GB": "United Kingdom|U K|UK|Great Britain|Britain|England|Scotland|Wales|Northern Ireland"
    "|N Ireland|Inglaterra|Gran Bretana",
    "CN": "China|P R C|PRC|Peoples Republic of China|Mainland China|P R China|PR China",
    "TW": "Taiwan|R O C|Republic of China",
    "KR": "Korea|Corea|South Korea|S Korea|Republic of Korea|Korea South|Corea del Sur",
    "KP": "North Korea|N Korea|DPRK|Corea del Norte",
    "VN": "Vietnam|Viet Nam|South Vietnam|S Vietnam|So Vietnam|Republic of Vietnam|Vietnamese",
    "LA": "Laos|Laos PDR",
    "MM": "Burma|Myanmar|Birmania",
    "RU": "Russia|Russian Federation|Rusia",
    "SY": "Syria|Siria",
    "IR": "Iran",
    "TZ": "Tanzania",
    "MD": "Moldova|Moldavia",
    "MK": "Macedonia|North Macedonia|F Y R O M",
    "BA": "Bosnia|Bosnia and Herzegovina|Bosnia Herz|Bosnia Hercegovina",
    "CZ": "Czech Republic|Czechia|Czech Rep",
    "TR": "Turkey|Turkiye|Turquia",
    "CD": "DR Congo|D R Congo|DRC|Congo Kinshasa|Democratic Republic of Congo|Democratic Republic"
    " of the Congo|Congo DR|Congo D R|Dem Rep Congo|Dem Rep of Congo|Congo Democratic Republic",
    "CG": "Congo|Congo Brazzaville|Republic of the Congo",
    "CI": "Ivory Coast|Cote dIvoire|Costa de Marfil|Cote d Ivoire",
    "CV": "Cape Verde|Cabo Verde",
    "SZ": "Swaziland|Eswatini",
    "PS": "Palestine|West Bank|Gaza|Palestina",
    "FM": "Micronesia|Federated States of Micronesia|F S M|Chuuk|Pohnpei|Kosrae|Yap",
    "BN": "Brunei",
    "GM": "Gambia|The Gambia",
    "BS": "Bahamas|The Bahamas",
    "AE": "U A E|UAE|United Arab Emirates",
    "SA": "Saudi Arabia|K S A",
    "PH": "Philippines|Philippine Islands|P I|Filipinas|Philippine",
    "VA": "Vatican|Vatican City|Holy See",
    "XK": "Kosovo|Kosova|Republic of Kosovo",
    "SU": "USSR|U S S R|Soviet Union|Union of Soviet Socialist Republics|Union Sovietica|URSS"
    "|Soviet",
    "YU": "Yugoslavia|Former Yugoslavia|SFRY|Yugoeslavia",
    "CS": "Czechoslovakia|Checoslovaquia|Serbia and Montenegro",
    "DD": "East Germany|German Democratic Republic|GDR|DDR|E Germany|East German",
    "ZR": "Zaire",
    "AN": "Netherlands Antilles|Antillas Holandesas",
    "YD": "South Yemen",
    "VD": "North Vietnam",
    "TP": "Portuguese Timor",
    "HV": "Upper Volta",
    "RH": "Rhodesia|Southern Rhodesia",
    "DY": "Dahomey",
    "PZ": "Panama Canal Zone|Canal Zone",
    "SK": "Slovakia|Slovak Republic|Slovak Rep",
    "DE": "Germany|West Germany|W Germany|Federal Republic of Germany|F R G",
    "NL": "Netherlands|Holland|Holanda|The Netherlands",
    "KN": "St Kitts|St Kitts and Nevis|St Kitts Nevis|Saint Kitts",
    "VC": "St Vincent|Saint Vincent|St Vincent and the Grenadines|St Vincent and Grenadines",
    "LC": "St Lucia|Saint Lucia",
    "AG": "Antigua|Antigua Barbuda|Antigua and Barbuda",
    "GQ": "Equatorial Guinea|Eq Guinea|Equat Guinea",
    "KH": "Cambodia|Kampuchea|Camboya",
    "MH": "Marshall Islands|Marshall Is|R M I",
    "BD": "Bangladesh|Bangla Desh|East Pakistan",
    "LK": "Sri Lanka|Ceylon",
    "TH": "Thailand|Siam",
    "BY": "Belarus|Byelorussia|Belorussia",
    "GY": "Guyana|British Guiana",
    "SR": "Suriname|Surinam|Dutch Guiana",
    "Unknown": "Unknown|Unk|Not known|Desconocido|Desconocida|Undetermined|Stateless|None known",
}

#: Two letters that mean one country to ISO 3166 and another place in American records: states of
#: the United States, and the crime-information code for El Salvador.
DOUBTFUL_COUNTRY_CODES = frozenset(
    {
        *("AL", "AR", "AZ", "CA", "CO", "DE", "GA", "ID", "IL", "IN", "KY", "LA", "MA", "MD"),
        *("ME", "MN", "MO", "MS", "MT", "NC", "NE", "PA", "SC", "SD", "TN", "VA", "ES"),
    }
)

#: Folded words that mean more than one place, and the codes of the others.
AMBIGUOUS_COUNTRIES: dict[str, tuple[str, ...]] = {
    "georgia": ("US",),
    "korea": ("KP",),
    "corea": ("KP",),
    "congo": ("CD",),
    "granada": ("NI", "ES"),
    "samoa": ("AS",),
    "virgin islands": ("VI", "VG"),
}

_CENTRAL = frozenset({"GT", "SV", "HN", "NI", "CR", "PA", "BZ"})
_SOUTH = frozenset({"AR", "BO", "BR", "CL", "CO", "EC", "GY", "PE", "PY", "SR", "UY", "VE"})

#: Words for a part of the world that people write behind a country, and its countries: "Honduras,
#: C.A." is Centro América and not California.
REGIONS: tuple[tuple[str, frozenset[str]], ...] = (
    ("ca", _CENTRAL),
    ("c a", _CENTRAL),
    ("central america", _CENTRAL),
    ("centroamerica", _CENTRAL),
    ("centro america", _CENTRAL),
    ("sa", _SOUTH),
    ("s a", _SOUTH),
    ("south america", _SOUTH),
    ("sudamerica", _SOUTH),
    ("america del sur", _SOUTH),
)

#: Towns, and states of Mexico, that stand alone in the place of a country.
PLACES = {
    "MX": "Mexico City|Ciudad de Mexico|Mexico D F|Mexico DF|D F|CDMX|Distrito Federal"
    "|Aguascalientes|Baja California|Campeche|Chiapas|Chihuahua|Coahuila|Colima|Durango"
    "|Guanajuato|Guerrero|Hidalgo|Jalisco|Michoacan|Morelos|Nayarit|Nuevo Leon|Oaxaca|Puebla"
    "|Queretaro|Quintana Roo|San Luis Potosi|Sinaloa|Sonora|Tabasco|Tamaulipas|Tlaxcala|Veracruz"
    "|Yucatan|Zacatecas|Tijuana|Guadalajara|Monterrey|Ciudad Juarez|Acapulco",
    "GT": "Guatemala City|Ciudad de Guatemala|Quetzaltenango|Huehuetenango",
    "SV": "San Salvador|Soyapango",
    "HN": "Tegucigalpa|San Pedro Sula|La Ceiba|Choloma",
    "NI": "Managua|Chinandega",
    "CU": "Havana|La Habana",
    "HT": "Port au Prince|Cap Haitien",
    "CO": "Bogota|Medellin",
    "VE": "Caracas|Maracaibo",
    "EC": "Quito|Guayaquil|Cuenca",
    "PE": "Lima",
    "JM": "Kingston",
    "VN": "Saigon|Ho Chi Minh City|Hanoi",
}
