"""Given names that a signature may spell out where the configuration has only an initial.

Names only, folded. Those that are also a word one could object, command or hesitate with (Will,
Grant, Mark, May, Chase, Rob, Sue, Don, Skip) are left out; whoever bears one of these, or a name
that is missing, signs as they are configured, or has their From field say their name.
"""

from __future__ import annotations

_NAMES = """
aaron abigail abraham ada adam adela adrian adriana agnes agustin aida aisha alan alana albert
alberto alejandra alejandro alex alexander alexandra alexis alfonso alfred alfredo alice alicia
alina alison allen allison alma alonso alvaro alyssa amanda amelia amy ana anastasia andre andrea
andreas andres andrew andy angel angela angelica angelina anita ann anna anne annette anthony
antonio april araceli ariana ariel arlene armando arthur arturo ashley audrey aurora austin
barbara beatrice beatriz benita benito benjamin bernadette bernard bernardo bertha beth bethany
betty beverly blanca bonnie brad bradley brandon brandy brenda brendan brent brett brian brianna
bridget bruce bryan caitlin caleb calvin cameron camila carl carla carlos carmen carol carolina
caroline carolyn carrie cassandra catalina catherine cecilia celeste celia cesar charlene charles
charlotte chelsea cheryl chloe chris christian christina christine christopher cindy claire clara
clarence claudia clayton clifford colleen connie connor consuelo corey cory courtney craig
cristian cristina crystal curtis cynthia daisy damian dana daniel daniela danielle danny darlene
darren darryl david deanna debbie deborah debra delia denise dennis derek diana diane diego
dolores dominic donald donna dora doris dorothy douglas duane dustin dylan earl eddie edgar edith
edna eduardo edward edwin eileen elaine elena elias elisa elizabeth ellen elsa elvira emilio emily
emma enrique eric erica erik erika erin ernesto esmeralda esperanza esteban esther eugene eva evan
evelyn fabian fatima federico felicia felipe felix fernanda fernando flor florence frances
francesca francis francisca francisco fred frederick gabriel gabriela gail gary genevieve george
gerald gerardo gilbert gilberto gina gladys glenn gloria gonzalo gordon graciela greg gregory
greta guadalupe guillermo gustavo gwendolyn hannah harold harry heather hector heidi helen helena
henry herbert hilda holly howard hugo ian ignacio ileana imelda ines inez irene iris irma isaac
isabel isabella ismael israel ivan jackie jacob jacqueline jaime james jamie jane janet janice
jared jasmine jason javier jay jean jeanette jeff jeffrey jenna jennifer jeremy jerome jerry jesse
jessica jesus jill jim jimmy joan joanna joanne joaquin jocelyn joe joel john johnny jon jonathan
jordan jorge jose josefina joseph josephine joshua joyce juan juana juanita judith judy julia
julian juliana julie julio justin karen karina karl karla katherine kathleen kathryn kathy katie
kayla keith kelly kenneth kevin kim kimberly kristen kristin kristina kurt kyle larry laura lauren
laurie lawrence leah leandro lee leigh leo leon leonard leonardo leonel leopoldo leslie leticia
lidia lilia liliana lillian linda lisa lois lola lorena lorenzo lori lorraine louis louise lourdes
lucas lucia luciana lucy luis luisa luke luz lydia lynn mabel magdalena manuel manuela marc
marcela marcelo marcia marco marcos marcus margaret margarita maria mariana maribel maricela marie
marilyn mario marion marisol marissa marjorie marlene marta martha martin martina marvin mary
mateo matthew maureen maurice mauricio maxine mayra megan melanie melinda melissa melvin mercedes
micaela michael michele michelle miguel mike milagros mildred mindy miranda miriam mitchell
mohammed moises molly monica monique morgan myra myrna nadia nadine nancy naomi natalia natalie
nathan nathaniel neil nelson nicholas nicolas nicole nina noel noelia noemi nora norma norman
octavio olga oliver olivia omar orlando oscar pablo paloma pamela patricia patricio patrick paul
paula paulina pauline pedro peggy penelope perla peter philip phillip phyllis pilar priscilla
rachel rafael ralph ramiro ramon ramona randall randy raquel raul raymond rebecca regina reina
rene renee reynaldo rhonda ricardo richard rita robert roberta roberto robin rocio rodney rodolfo
rodrigo roger roland rolando roman ron ronald rosa rosalia rosalinda rosario rose rosemary roxana
roy ruben ruby rudy russell ruth ryan sabrina sally salvador sam samantha samuel sandra santiago
santos sara sarah scott sean sebastian sergio seth shannon sharon shaun shawn sheila shelby shelly
sherry shirley silvia simon simone sofia sonia sonya sophia sophie stacey stacy stanley stephanie
stephen steve steven stuart susan susana suzanne sylvia tamara tammy tanya tara tatiana taylor
teodoro teresa terrence terri terry thelma theodore theresa thomas tiffany tim timothy tina todd
tom tomas toni tony tonya tracey traci tracy travis trevor tricia troy tyler valentina valeria
valerie vanessa vera veronica vicente vicki victor victoria vincent viola violeta virginia vivian
walter wanda warren wayne wendy wesley whitney wilfredo william wilma xavier ximena yesenia
yolanda yvette yvonne zachary zoe zoila
"""

GIVEN_NAMES = frozenset(_NAMES.split())
