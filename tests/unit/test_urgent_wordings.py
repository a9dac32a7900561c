"""Cries for help in plain words, and the language of courts that sounds like them.

A row of the first table is a topic it is about, a bar and a text; of the second a text about
nothing urgent. Where a wording is in doubt it is urgent: an alert too many is read and put away.
"""

from __future__ import annotations

import pytest

from parsers.classification.topic_table import Handling
from parsers.classification.topics import read_text
from tests.unit.test_topics import TABLE, rows

CRIES = rows(
    """
abuse_in_detention | They hit me every day here.
abuse_in_detention | An officer makes me take off my clothes and touches me.
abuse_in_detention | they beat us in here and nobody does anything
abuse_in_detention | The guards hit me.
abuse_in_detention | I get beaten here every night.
danger_to_life | They put their hands on me and choked me.
abuse_in_detention | I was raped here.
abuse_in_detention | They pepper sprayed us and threw him on the floor.
abuse_in_detention | My brother called crying, he says they beat him where they have him.
danger_to_life | They don't let us sleep and they hit whoever complains.
abuse_in_detention | An officer asked my sister for sex in exchange for phone calls.
abuse_in_detention | Me pegan todos los días aquí.
abuse_in_detention | Aquí nos golpean y nadie hace nada.
abuse_in_detention | Los guardias me pegan.
abuse_in_detention | Nos maltratan aquí adentro.
abuse_in_detention | A mi hermano le pegan donde lo tienen.
abuse_in_detention | Un guardia me obliga a desnudarme.
abuse_in_detention | Me violaron aquí adentro.
abuse_in_detention | Le echaron gas y lo tiraron al piso.
abuse_in_detention | Le rompieron las costillas los oficiales.
abuse_in_detention | El oficial le pidió sexo a mi prima para dejarla llamar.
self_harm | I can't take it anymore in here, I don't want to be alive.
self_harm | My husband told me on the phone goodbye, take care of the kids, I won't be here anymore.
self_harm | He tied a sheet around his neck.
self_harm | He wants to end it.
self_harm | He drank bleach in his cell.
self_harm | Ya no aguanto más aquí, me quiero morir.
self_harm | Se quiere hacer daño.
self_harm | Mi hijo se cortó los brazos en su celda.
self_harm | Me dijo adiós y que cuidara a los niños porque ya no va a estar.
danger_to_life | He is having seizures and they do nothing.
danger_to_life | My mother is diabetic and they took away her insulin.
danger_to_life | He coughs blood and they will not take him to a doctor.
danger_to_life | He fell and does not wake up.
danger_to_life | My dad has not eaten for six days.
danger_to_life | They don't give us water or food here.
danger_to_life | Somebody is outside my house with a gun.
danger_to_life | Escupe sangre y no lo llevan al doctor.
danger_to_life | Lleva seis días sin comer.
danger_to_life | Si me deportan me matan.
danger_to_life | Hay un hombre afuera de mi casa con un arma.
danger_to_life | My husband beats me and the children.
trafficking | They make me work and do not pay me and I cannot leave the house.
trafficking | My boss took our passports and locks us in at night.
trafficking | He sells me to men.
trafficking | They said I must pay my debt with my body.
trafficking | El patrón nos quitó los pasaportes y nos encierra.
trafficking | A mi sobrina la obligan a acostarse con hombres.
trafficking | El coyote nos tiene encerrados y pide dinero.
abuse_in_detention | Every night they come into our pod and punch people.
abuse_in_detention | He told me on the phone that the staff slapped him.
abuse_in_detention | They tased my nephew while he was handcuffed.
abuse_in_detention | The guard squeezed my neck until I could not talk.
abuse_in_detention | My roommate in here forces himself on me.
abuse_in_detention | One of the officers keeps grabbing my daughter.
abuse_in_detention | My friend in detention was kicked in the stomach.
danger_to_life | They dragged her by the hair down the hallway.
abuse_in_detention | The officer spat on him and hit him with a baton.
abuse_in_detention | I am afraid for my son, inmates attack him in the showers.
abuse_in_detention | My client reports that staff struck him repeatedly in the dormitory.
abuse_in_detention | We are being abused here, please help us.
abuse_in_detention | They broke his arm inside.
abuse_in_detention | A guard followed her into the shower.
abuse_in_detention | They call us animals and hit us with sticks.
abuse_in_detention | he is being hit by other men in there
abuse_in_detention | Help, they beat my dad at the facility
abuse_in_detention | Los oficiales golpean a la gente aquí.
abuse_in_detention | A mi esposo lo patearon en la celda.
abuse_in_detention | Dice mi hijo que lo torturan allá adentro.
abuse_in_detention | Me jalaron del pelo y me arrastraron por el pasillo los guardias.
abuse_in_detention | Aquí me violan.
abuse_in_detention | Un custodio la manosea en el baño.
danger_to_life | Lo esposaron y le pegaron en la cara.
danger_to_life | Ayuda, nos están pegando en el centro.
abuse_in_detention | Otro detenido abusa de mi hijo en las noches.
abuse_in_detention | Le quebraron la nariz adentro.
abuse_in_detention | Mi hermana dice que los oficiales la tocan.
danger_to_life | Nos golpean si hablamos.
danger_to_life | Lo tienen amarrado y lo golpean.
self_harm | I don't want to be here anymore, I want to disappear forever, goodbye.
self_harm | She tried to overdose last night.
self_harm | My dad keeps saying that he will hang himself.
self_harm | He has been cutting his wrists.
self_harm | I have lost the will to live.
self_harm | My friend inside says he is going to end his life this week.
self_harm | If I am not released I will kill myself.
self_harm | Mi papá dice que se va a matar si lo deportan.
self_harm | Ya no le encuentro sentido a la vida.
self_harm | Intentó colgarse en el baño de la celda.
self_harm | Quisiera estar muerta.
self_harm | Dice que prefiere la muerte.
danger_to_life | He is vomiting blood and no nurse comes.
danger_to_life | They refuse to take my wife to the hospital and she is in labor.
danger_to_life | My baby has a high fever in there and nobody helps.
danger_to_life | He has a bad infection in his leg and gets no antibiotics.
danger_to_life | My brother passed out twice this week in detention.
danger_to_life | Someone is going to shoot my family.
danger_to_life | MS-13 members threatened to kill him inside.
danger_to_life | My mother needs her dialysis and they don't take her.
danger_to_life | He has fainted and nobody called a doctor.
danger_to_life | They locked us in with no water since yesterday.
danger_to_life | Tiene fiebre muy alta y los guardias no lo llevan al médico.
danger_to_life | Mi bebé no puede respirar bien aquí.
danger_to_life | Le dio un infarto y no lo atendieron.
danger_to_life | Nos amenazan con matarnos los pandilleros.
danger_to_life | Hace dos días que no nos dan de comer.
danger_to_life | Alguien quiere matar a mi familia.
danger_to_life | Mi esposo necesita diálisis y no se la dan.
trafficking | I was brought here for a job; they keep my papers and I work for nothing.
trafficking | They keep girls in that house and sell them.
trafficking | My employer threatens to call ICE if I stop working for free.
trafficking | My daughter was taken by a man who makes her dance and gives her to clients.
trafficking | Someone is holding my sister and wants ransom.
trafficking | Nos trajeron con engaños y nos hacen trabajar sin pago.
trafficking | Mi jefe amenaza con llamar a la migra si dejo de trabajar gratis.
trafficking | Tienen a mi hermana encerrada y piden rescate.
trafficking | Me prometieron trabajo y ahora me obligan a estar con clientes.
trafficking | Hay niñas encerradas en esa casa y las venden.
abuse_in_detention | Please help, staff keep hitting my husband at the ICE facility.
abuse_in_detention | There is a guard here who hurts the women.
abuse_in_detention | My client was thrown to the ground and kneed in the back by officers.
danger_to_life | They punched me in the face in the bus.
abuse_in_detention | Detainees are being choked in the isolation cells.
abuse_in_detention | He says the men in his dorm rape him.
abuse_in_detention | I saw them beat an old man in here.
abuse_in_detention | The guards twist our arms and laugh.
abuse_in_detention | My mother was slapped by an officer yesterday in there.
abuse_in_detention | a guard here is making girls undress
abuse_in_detention | Aquí adentro los guardias abusan de las mujeres.
abuse_in_detention | A mi papá lo golpearon otra vez anoche en el dormitorio.
abuse_in_detention | Los agentes le torcieron el brazo y lo tiraron.
abuse_in_detention | Mi hermano está todo golpeado por los guardias.
abuse_in_detention | Vi cómo le pegaban a un señor aquí.
abuse_in_detention | Un compañero de celda lo viola.
abuse_in_detention | Nos gritan y nos empujan los guardias.
self_harm | Tell my children I love them, I am going to end my life.
self_harm | She is not eating and says she wants to die in there.
self_harm | He bangs his head against the wall and says he wants to be dead.
self_harm | Estoy desesperado, ya no quiero estar vivo.
self_harm | Amenaza con suicidarse si no lo sacan.
self_harm | Dice que no vale la pena vivir.
danger_to_life | He is in terrible pain in his chest and they only give him aspirin.
danger_to_life | My wife lost the baby in detention and is still bleeding.
danger_to_life | There are children here with fever and no doctor.
danger_to_life | He has not had his HIV medicine in two weeks.
danger_to_life | They will deport him and the cartel is waiting to kill him.
danger_to_life | A man with a knife is at my door.
danger_to_life | Mi hijo tiene asma y le quitaron el inhalador.
danger_to_life | Hay niños enfermos aquí y no hay doctor.
danger_to_life | Lleva dos semanas sin su medicina del VIH.
danger_to_life | Si regresa a su país lo asesinan.
danger_to_life | Se está desangrando.
trafficking | We are locked in a trailer, working in the fields with no pay.
trafficking | They bought my cousin and now he must work for them.
trafficking | A woman brought my niece here and makes her have sex with strangers.
trafficking | Los tienen trabajando sin pagarles y con candado en la puerta.
trafficking | A mi amiga la venden en un bar.
trafficking | Trabajo como esclava en una casa, no me dejan salir.
abuse_in_detention | Officers at the processing center beat my cousin with their fists.
danger_to_life | They hit my mom because she asked for water.
abuse_in_detention | He whispers on the phone that they hurt him at night.
abuse_in_detention | I have been assaulted twice in this jail by other immigrants.
abuse_in_detention | The man in the next bunk touches my son.
abuse_in_detention | My sister was forced to undress in front of the officers.
abuse_in_detention | A mi tía le dan golpes los guardias.
abuse_in_detention | Me golpearon tres oficiales ayer en el patio.
abuse_in_detention | El guardia entra en la noche y abusa de nosotras.
danger_to_life | Le pegan por no entender inglés.
danger_to_life | Tengo miedo, aquí me quieren hacer daño.
self_harm | I just want everything to stop, I want to die.
self_harm | Ya intentó matarse dos veces.
danger_to_life | She is losing a lot of blood and they tell her to wait.
danger_to_life | My grandfather collapsed in the cell and they left him on the floor.
danger_to_life | They ignore his heart condition and he gets weaker.
danger_to_life | Me quieren matar los de la mara.
danger_to_life | Mi abuelo se desplomó y no lo atienden.
trafficking | I cannot leave, he has my passport and I work sixteen hours without pay.
trafficking | Some men are selling girls in the motel.
trafficking | Me tienen encerrada y me hacen trabajar.
"""
)

COURT_LANGUAGE = """
The defendant is charged with assault; the assault charge is pending in our county.
The domestic violence case was continued because he was in ICE custody.
Hit and run, case 26-CR-001234.
The defendant was arrested for hit and run and then taken by ICE.
He was charged with trafficking in stolen goods.
The judge killed the motion.
He is accused of beating his wife; trial is set for June.
The victim was beaten by the defendant on May 3; he is now in ICE detention.
The complaint alleges that the defendant struck the victim in the face.
He hit a parked car and left the scene.
The officer who was hit by the defendant will testify.
He pleaded guilty to battery on a peace officer.
The guards at the county jail handed him to ICE.
The officers took him into custody on March 2.
We beat the deadline.
They hit us with a late fee.
The court hit him with a fine.
They are holding him here until the hearing.
He was abused as a child, the pre-sentence report says.
He failed to attend domestic violence counseling while in immigration detention.
The defendant threatened to kill the victim, count two.
The indictment charges kidnapping and false imprisonment.
He was indicted for sex trafficking of a minor.
He was arrested with a gun.
He was bleeding the clock on discovery.
Our office is dying for an answer.
The clerk will not let him leave the courtroom without bond papers.
He cannot leave the county under the terms of his probation.
His passport was taken by the court as a condition of release.
He collapsed the two cases into one.
The defendant was in the hospital on the date of the hearing.
They hurt our chances of exoneration.
The officers here in our county arrested him on the warrant.
The defendant was hit by a car and missed court.
The case was kicked back to us.
We will attack the forfeiture on appeal.
The victim says he choked her.
He is wanted for shooting a man in Example County.
He was ordered to work off the fine.
Nobody here answers the phone.
Nobody helps us with the form; how do I file it?
They transferred him at night.
He has diabetes and asks for a later hearing.
Está acusado de agresión y detenido por ICE.
El caso de violencia doméstica se aplazó.
Los guardias lo entregaron a ICE.
Un oficial me llamó sobre la orden de arresto.
Se le imputa secuestro y robo.
El cargo de secuestro fue desestimado.
La víctima fue golpeada por el acusado; el juicio es en junio.
El acusado amenazó con matar a su esposa, cargo dos.
Le pegó a un carro estacionado.
El juez le quitó el pasaporte como condición de la fianza.
No puede salir del condado por su probatoria.
Lo trasladaron aquí desde otro centro.
Le pegaron una multa.
Me pegan los nervios esperando la respuesta.
Nos golpeó la noticia de la fianza perdida.
No nos dan respuesta aquí en la corte.
Me toca presentar la fianza.
Un oficial me toca la puerta cada mes para la probatoria.
El acusado presuntamente golpeó a un vecino aquí.
Lo arrestaron por pegarle a su compañero de cuarto.
Los oficiales de aquí lo arrestaron con la orden.
Todos los días llamamos y nadie nos da respuesta.
Le hicieron trabajar para pagar la multa.
Violó las condiciones de su fianza aquí en el condado.
The alleged assault took place in our county here in 2025.
Defendant hit his cellmate and has a new case number.
Bail was revoked after he beat a man outside a bar.
He was arrested at night for striking an officer.
She pleaded guilty to hurting a child.
The trial on the stabbing starts June 9.
Detective Roe of the Special Victims Unit asks for the dates.
The officers involved were cleared of the shooting.
The guards at the courthouse took his passport for the bond.
Was he in the facility on the day he was hurt?
The defendant works as a guard at night.
He kicked his habit and completed the program.
He was dropped from the program because ICE took him.
He lives here with his wife and reports every week.
The defendant had a seizure in court and the hearing was continued.
The car seizure hearing is on May 9.
His case was thrown out here.
We keep getting hit with forfeiture notices.
The bondsman keeps his documents in a safe.
I hold his passport for the court.
The judge asked for sex offender registry records.
He must register as a sex offender here.
The sexual abuse trial was moved because he was in your custody.
She runs a house for women and girls leaving jail.
He took his medicine late and missed the morning call.
He was not given notice of the hearing.
The jail would not let us see the booking sheet.
We want to end the probation early.
He wants to end his supervision.
I can't take it to the clerk before Friday.
La audiencia por la agresión es aquí el lunes.
Le pegó a un hombre afuera de un bar y le revocaron la fianza.
Se declaró culpable de lastimar a un menor.
El juicio por el apuñalamiento empieza en junio.
Los guardias del tribunal guardaron su pasaporte.
Me hicieron esperar toda la noche en la corte.
Vive aquí con su esposa y se reporta cada semana.
No le dieron aviso de la audiencia.
Tuvo un ataque en la corte y se aplazó la audiencia.
El fiador guarda los documentos en su oficina.
No aguanto más la espera de la carta.
The parties hit an impasse and the bond hearing was reset.
He was beaten to the courthouse by the bondsman's motion.
The defendant assaulted his mother; sentencing was May 2.
State alleges he held her against her will; he missed arraignment.
The information charges sexual battery of an inmate.
He has an open case for injuring a spouse.
The child victim lives here with her grandmother.
A restraining order hearing was missed on March 10.
The officer will testify that he was pushed.
Our clerk was pushed to answer by Friday.
The probationer says they took him into custody at night.
He called crying that he missed court.
They hold hearings here every week.
I work here every day until five.
They told him to wait here.
He hasn't received the notice.
The bail agent wants everything to be filed by June.
Golpearon la mesa y se cerró el caso.
El caso es por lesiones contra su esposa.
Lo acusan de pegarle a su vecino.
Le dieron la orden en la noche.
Nadie aquí sabe del caso.
Me hacen falta dos documentos.
No le han dado la fecha.
"""


def find_urgent(text: str) -> list[str]:
    return [topic.name for topic in read_text(text, TABLE).having(Handling.URGENT)]


@pytest.mark.parametrize(("text", "topic"), CRIES, ids=[t for t, _ in CRIES])
def test_a_cry_for_help_is_heard_in_plain_words(text: str, topic: str) -> None:
    assert topic in find_urgent(text)


@pytest.mark.parametrize("text", COURT_LANGUAGE.strip().splitlines())
def test_the_language_of_courts_alarms_nobody(text: str) -> None:
    assert find_urgent(text) == []
