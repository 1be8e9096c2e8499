"""Word lists: shorthand, slips of the finger, stop words, and the shop words of four more languages."""

from __future__ import annotations

SHORTHAND = {
    "u": "you", "ur": "your", "r": "are", "pls": "please", "plz": "please", "plss": "please", "thx": "thanks", "ty": "thanks",
    "w": "with", "n": "and", "b4": "before", "smth": "something", "sth": "something", "some1": "someone",
    "wheres": "where is", "whats": "what is", "hows": "how is", "whens": "when is", "whos": "who is",
    "thats": "that is", "aint": "is not", "gimme": "give me", "lemme": "let me", "wanna": "want to", "gonna": "going to",
    "gotta": "have to", "dont": "do not", "doesnt": "does not", "didnt": "did not", "cant": "can not", "wont": "will not",
    "isnt": "is not", "hasnt": "has not", "havent": "have not", "im": "i am", "ive": "i have", "id": "id",
    "youve": "you have", "ppl": "people", "msg": "message", "acc": "account", "acct": "account", "addy": "address",
    "goin": "going", "bout": "about", "cuz": "because", "coz": "because", "tho": "though", "ya": "you",
    "yall": "you", "ord": "order", "ordr": "order", "cust": "customer", "num": "number", "rn": "right now",
    "asap": "soon", "eta": "eta", "wtf": "what the hell", "tmrw": "tomorrow", "2day": "today", "hw": "homework", "pw": "password", "pwd": "password", "passwd": "password",
}  # fmt: skip

TYPOS = {
    "oder": "order", "cna": "can", "teh": "the", "hte": "the", "waht": "what", "adn": "and", "taht": "that", "hwo": "how", "whne": "when", "yuo": "you", "polcy": "policy", "retrn": "return", "jaket": "jacket", "odrer": "order", "ordre": "order", "orer": "order", "oders": "orders", "orde": "order",
    "adress": "address", "addres": "address", "adres": "address", "speek": "speak", "artcle": "article", "trak": "track",
    "represntative": "representative", "representitive": "representative", "reimbursment": "reimbursement",
    "parcle": "parcel", "pacel": "parcel", "packge": "package", "recieve": "receive", "recieved": "received", "recived": "received",
    "refound": "refund", "refun": "refund", "cancle": "cancel", "canel": "cancel", "shiped": "shipped", "shipd": "shipped",
    "delivry": "delivery", "dilivery": "delivery", "delievery": "delivery", "arived": "arrived", "arive": "arrive",
    "wher": "where", "were's": "where is", "wen": "when", "stauts": "status", "staus": "status", "statsu": "status",
    "payed": "paid", "moeny": "money", "mony": "money", "retrun": "return", "retun": "return", "emial": "email",
    "humen": "human", "hooman": "human", "agnet": "agent", "persn": "person", "compalint": "complaint", "pasword": "password",
    "somthing": "something", "somethin": "something", "sumthing": "something", "tht": "that", "thta": "that", "htat": "that", "dosent": "does not", "doesent": "does not", "dosnt": "does not", "alredy": "already", "allready": "already", "becuase": "because", "becasue": "because", "wich": "which", "whihc": "which", "wuold": "would", "woud": "would", "shoud": "should", "coud": "could", "cuold": "could", "hav": "have", "haev": "have", "thier": "their", "ther": "there", "recieving": "receiving", "seperate": "separate", "untill": "until", "tommorow": "tomorrow", "tomorow": "tomorrow", "definately": "definitely", "neccessary": "necessary", "necesary": "necessary", "adressed": "addressed", "beleive": "believe", "freind": "friend", "wierd": "weird", "tihs": "this", "thsi": "this", "lable": "label", "labell": "label", "waranty": "warranty", "warrenty": "warranty", "garantee": "guarantee", "gaurantee": "guarantee", "exchnage": "exchange", "exhange": "exchange", "excange": "exchange", "invoce": "invoice", "invioce": "invoice", "recipt": "receipt", "reciept": "receipt", "dammaged": "damaged", "damged": "damaged", "brocken": "broken", "borken": "broken", "wrongg": "wrong", "worng": "wrong",
}  # fmt: skip

_DOMAIN = """
order orders parcel parcels package packages delivery delivered deliver shipped shipping shipment dispatched
    tracking carrier courier arrive arrived status refund refunds refunded reimbursement return returns returned
    payment payments charged charge paid invoice receipt address account password email e-mail cancel cancelled
    cancellation voucher discount gift warranty guarantee complaint ticket human agent representative person
    customer support purchase purchases exchange replacement damaged broken money expected phone profile
    subscription appointment booking policy policies
"""
DOMAIN = frozenset(_DOMAIN.split())
REAL = frozenset(("changed", "shopping", "skipped"))  # a slip of the finger away, and words of their own

_STOPWORDS = """
a an the and or but if so of to in on at by for from with without about as into over after before then than
    i me my mine we us our you your he she it its his her they them their this that these those there here
    is are was were be been being am do does did done have has had having can could will would shall should may might must
    not no yes ok okay please thanks thank hi hello hey what which who whom whose when where why how
    just only also too very really still yet already again now any some all both each more most other such own same
    up down out off get got go going know tell let want need like would one ones thing things something anything
    give show see look check say said because though while until since today tomorrow
"""
STOPWORDS = frozenset(_STOPWORDS.split())

_DE = (
    "ich ist wo mein meine meiner meinen wann wie die der das und nicht kann bestellung paket haben habe bitte sie mir ein eine "
    "einen wird möchte noch mit für auf danke hallo was geld zurück guten tag kommt wurde storniere stornieren auf dem"
)
_FR = (
    "je est où ma mon mes commande colis quand le la les et pas puis vous avez bonjour merci comment un une des pour "
    "avec remboursement livraison suis voudrais peux s'il plaît votre quel quelle ou en de du ne retourner"
)
_ES = (
    "dónde donde está esta mi mis pedido paquete cuándo cuando el la los y no puedo quiero hola gracias cómo como un una "
    "para con reembolso envío por favor dinero qué ha llegado tengo de devolver"
)
_NL = (
    "ik is waar mijn bestelling pakket pakje wanneer hoe de het en niet kan heb een voor met graag bedankt hallo wat geld "
    "terug retour komt mag jullie u dag aan nog op annuleren"
)

FOREIGN = {
    "de": (
        frozenset(_DE.split()),
        {
            "wo": "where", "ist": "is", "mein": "my", "meine": "my", "meiner": "my", "bestellung": "order", "bestellungen": "orders",
            "paket": "parcel", "wann": "when", "kommt": "arrives", "status": "status", "von": "of", "erstattung": "refund",
            "rückerstattung": "refund", "geld": "money", "zurück": "back", "zurückgeben": "return", "rücksendung": "return",
            "stornieren": "cancel", "erstattet": "refund", "erstatten": "refund", "mir": "me", "bitte": "please", "schickt": "send", "schicken": "send", "zuschicken": "send", "zusenden": "send", "nochmal": "again", "könnt": "can", "ihr": "you", "storniere": "cancel", "kann": "can", "ich": "i", "wie": "how", "zahlung": "payment",
            "lieferung": "delivery", "adresse": "address", "ändern": "change", "passwort": "password", "vergessen": "forgot",
            "rechnung": "invoice", "versand": "shipping", "kostet": "costs", "mensch": "human", "menschen": "human",
            "mitarbeiter": "agent", "sprechen": "speak to a", "mit": "with", "alle": "all", "zeigen": "show", "gutschein": "voucher",
            "garantie": "warranty", "möchte": "want", "will": "want", "einem": "a", "einen": "a", "der": "the", "die": "the", "das": "the", "und": "and", "nicht": "not", "wird": "will",
            "geliefert": "delivered", "verschickt": "shipped", "versendet": "shipped",
        },
    ),
    "fr": (
        frozenset(_FR.split()),
        {
            "où": "where", "est": "is", "ma": "my", "mon": "my", "mes": "my", "commande": "order", "commandes": "orders",
            "colis": "parcel", "quand": "when", "arrive": "arrives", "arrivera": "will arrive", "remboursement": "refund", "argent": "money",
            "retourner": "to return", "retour": "return", "annuler": "cancel", "oublié": "forgot", "envoyez": "send", "lien": "link", "rembourser": "refund", "remboursez": "refund", "comment": "how do i", "puis": "can", "je": "i",
            "paiement": "payment", "livraison": "delivery", "adresse": "address", "changer": "change", "mot de passe": "password",
            "facture": "invoice", "humain": "human", "conseiller": "agent", "parler": "speak to", "voudrais": "want", "veux": "want", "un": "a", "une": "a", "article": "item", "toutes": "all", "garantie": "warranty",
        },
    ),
    "es": (
        frozenset(_ES.split()),
        {
            "dónde": "where", "donde": "where", "está": "is", "esta": "is", "mi": "my", "mis": "my", "pedido": "order",
            "pedidos": "orders", "paquete": "parcel", "cuándo": "when", "cuando": "when", "llega": "arrives", "llegará": "will arrive",
            "reembolso": "refund", "dinero": "money", "devolver": "return", "devolución": "return", "cancelar": "cancel", "cancelen": "cancel", "cancele": "cancel", "cancela": "cancel", "anulen": "cancel", "anular": "cancel", "reembolsos": "refund", "envíen": "send", "enviar": "send", "pendiente": "pending", "tengo": "do i have", "quiero": "i want to", "quisiera": "i want to",
            "cómo": "how", "puedo": "can i", "pago": "payment", "envío": "shipping", "dirección": "address", "cambiar": "change",
            "contraseña": "password", "factura": "invoice", "persona": "person", "hablar": "speak to a", "todos": "all", "garantía": "warranty",
        },
    ),
    "nl": (
        frozenset(_NL.split()),
        {
            "waar": "where", "is": "is", "mijn": "my", "bestelling": "order", "bestellingen": "orders", "pakket": "parcel",
            "pakje": "parcel", "wanneer": "when", "komt": "arrives", "terugbetaling": "refund", "geld": "money", "terug": "back",
            "retourneren": "return", "retour": "return", "annuleren": "cancel", "hoe": "how", "kan": "can", "ik": "i", "wil": "want",
            "betaling": "payment", "levering": "delivery", "adres": "address", "wijzigen": "change", "wachtwoord": "password",
            "factuur": "invoice", "mens": "human", "medewerker": "agent", "spreken": "speak to a", "alle": "all", "garantie": "warranty",
        },
    ),
}  # fmt: skip

# More words of questions to a shop; those above stand for what a shop is asked to do.
_MORE = {
    "de": (
        "wo=where wer=who was=what welche=which welcher=which welches=which warum=why woher=where lange=long "
        "viel=much viele=many oft=often wenn=if ob=whether oder=or aber=but auch=also noch=still schon=already "
        "nur=only kein=no keine=no keinen=no für=for bei=at zu=to zum=to zur=to nach=to aus=from auf=on im=in "
        "am=on ein=a eine=a den=the dem=the des=of es=it sie=it er=it wir=we habe=have haben=have hat=has "
        "hatte=had bin=am sind=are war=was muss=must müssen=must darf=may soll=should brauche=need bekomme=get "
        "bekommen=get erhalte=get erhalten=received angekommen=arrived gekommen=arrived artikel=item ware=item "
        "produkt=product zurückschicken=return zurücksenden=return retournieren=return rückgabe=return "
        "retoure=return umtauschen=exchange umtausch=exchange tauschen=exchange defekt=defective kaputt=broken "
        "beschädigt=damaged falsch=wrong falsche=wrong falschen=wrong fehlt=missing etikett=label "
        "rücksendeetikett=return-label retourenetikett=return-label kosten=costs gratis=free kostenlos=free "
        "gebühr=fee preis=price bezahlt=paid bezahlen=pay zahlen=pay zahle=pay zahlungsarten=payment-methods "
        "konto=account kundenkonto=account löschen=delete abbestellen=unsubscribe größe=size größer=bigger "
        "kleiner=smaller farbe=colour lieferzeit=delivery-time lieferkosten=shipping-costs "
        "versandkosten=shipping-costs liefern=deliver liefert=deliver dauert=takes tage=days woche=week "
        "wochen=weeks monate=months jahre=years heute=today morgen=tomorrow gestern=yesterday neu=new neue=new "
        "neues=new neuen=new anmelden=sign-in einloggen=sign-in zurücksetzen=reset telefon=phone "
        "telefonnummer=phone-number nummer=number sendungsnummer=tracking-number geöffnet=open erreichen=reach "
        "beschwerde=complaint reklamation=complaint geschenkgutschein=gift-card geschenkkarte=gift-card "
        "rabatt=discount reparatur=repair reparieren=repair verloren=lost verspätet=late kunde=customer "
        "frage=question hilfe=help ausland=abroad schweiz=switzerland österreich=austria deutschland=germany "
        "storniert=cancel stornierung=cancellation ändert=change ändere=change ändern=change schick=send sende=send "
        "sendet=send senden=send liefere=deliver erstattung=refund überweist=refund bestätige=confirm"
    ),
    "fr": (
        "et=and ou=or mais=but si=if le=the la=the les=the des=of de=of du=of au=to aux=to en=in dans=in "
        "pour=for sur=on avec=with sans=without chez=at ce=this cette=this ces=these cet=this il=it elle=it "
        "nous=we vous=you que=what quoi=what quel=which quelle=which quels=which quelles=which qui=who "
        "pourquoi=why combien=how-much coûte=costs coute=costs coûtent=cost prix=price gratuit=free "
        "gratuite=free gratuitement=free frais=costs étiquette=label etiquette=label temps=time longtemps=long "
        "jours=days semaine=week semaines=weeks mois=months ans=years aujourd'hui=today demain=tomorrow "
        "hier=yesterday reçu=received recevoir=receive reçois=receive arrivé=arrived arrivée=arrived ai=have "
        "avez=have as=have suis=am sont=are peut=can peux=can pouvez=can dois=must doit=must faut=must "
        "faire=do renvoyer=return renvoie=return échanger=exchange échange=exchange cassé=broken cassée=broken "
        "abîmé=damaged défectueux=defective défectueuse=defective faux=wrong mauvais=wrong mauvaise=wrong "
        "manque=missing taille=size couleur=colour plus=more grand=big petite=small petit=small compte=account "
        "supprimer=delete supprimez=delete désabonner=unsubscribe nouvelle=new nouveau=new réinitialiser=reset "
        "connecter=sign-in numéro=number suivi=tracking téléphone=phone perdu=lost retard=late "
        "réclamation=complaint remise=discount bon=voucher carte=card cadeau=gift réparer=repair "
        "réparation=repair payer=pay payé=paid payée=paid livrez=deliver livré=delivered livrée=delivered "
        "expédié=shipped expédiée=shipped délai=time délais=times moyens=methods pas=not ne=not "
        "question=question aide=help suisse=switzerland belgique=belgium allemagne=germany produit=product "
        "produits=products articles=items annulez=cancel annule=cancel annulation=cancellation renvoyez=return "
        "remboursé=refunded remboursée=refunded envoyer=send envoie=send livrer=deliver changez=change modifier=change "
        "modifiez=change changement=change svp=please veuillez=please"
    ),
    "es": (
        "y=and o=or pero=but si=if el=the la=the los=the las=the un=a una=a de=of del=of al=to en=in para=for "
        "por=for con=with sin=without es=is son=are estoy=am hay=is-there lo=it este=this esto=this ese=that "
        "qué=what que=that cuál=which cuánto=how-much cuanto=how-much cuánta=how-much cuántos=how-many "
        "quién=who dónde=where cuesta=costs cuestan=cost precio=price gratis=free coste=cost etiqueta=label "
        "tiempo=time tarda=takes días=days semana=week semanas=weeks meses=months años=years hoy=today "
        "mañana=tomorrow ayer=yesterday recibo=receive recibí=received recibido=received llegó=arrived "
        "llegado=arrived correo=e-mail email=e-mail restablecer=reset recuperar=reset restaurar=reset "
        "nueva=new nuevo=new olvidé=forgot olvidado=forgot iniciar=sign sesión=in cuenta=account borrar=delete "
        "eliminar=delete cambio=exchange talla=size color=colour grande=big pequeño=small pequeña=small "
        "roto=broken rota=broken dañado=damaged dañada=damaged defectuoso=defective equivocado=wrong "
        "falta=missing artículo=item artículos=items producto=product productos=products enviado=shipped "
        "entregado=delivered entrega=delivery número=number seguimiento=tracking teléfono=phone perdido=lost "
        "retraso=late queja=complaint reclamación=complaint descuento=discount cupón=voucher tarjeta=card "
        "regalo=gift reparar=repair reparación=repair pagar=pay pagado=paid pagué=paid no=not necesito=need "
        "debo=must hacer=do puede=can pueden=can puedes=can ayuda=help pregunta=question españa=spain "
        "alemania=germany francia=france envían=ship métodos=methods gastos=costs horario=opening-hours "
        "cancelad=cancel anula=cancel anule=cancel anulad=cancel devuelva=return devuelvan=return reembolse=refund "
        "reembolsen=refund cambie=change cambien=change mande=send manden=send mandar=send envíe=send entregar=deliver"
    ),
    "nl": (
        "wat=what welke=which wie=who waarom=why hoeveel=how-much lang=long en=and of=or maar=but als=if "
        "de=the het=the een=a van=of voor=for bij=at naar=to op=on in=in met=with zonder=without dit=this "
        "dat=that kost=costs kosten=costs gratis=free prijs=price label=label etiket=label dagen=days "
        "week=week weken=weeks maanden=months jaar=years vandaag=today morgen=tomorrow gisteren=yesterday "
        "ontvangen=received gekregen=received aangekomen=arrived heb=have heeft=has ben=am zijn=are moet=must "
        "mag=may kunnen=can kunt=can krijg=get terugsturen=return terugzenden=return ruilen=exchange "
        "omruilen=exchange kapot=broken beschadigd=damaged defect=defective verkeerd=wrong verkeerde=wrong "
        "mist=missing maat=size kleur=colour groter=bigger kleiner=smaller artikel=item artikelen=items "
        "product=product producten=products account=account verwijderen=delete opzeggen=cancel nieuw=new "
        "nieuwe=new vergeten=forgot inloggen=sign-in resetten=reset nummer=number telefoon=phone kwijt=lost "
        "verloren=lost laat=late klacht=complaint korting=discount cadeaubon=gift-card bon=voucher kaart=card "
        "repareren=repair reparatie=repair betalen=pay betaald=paid verzonden=shipped geleverd=delivered "
        "bezorgd=delivered bezorging=delivery leveren=deliver verzendkosten=shipping-costs "
        "levertijd=delivery-time niet=not geen=no hulp=help vraag=question annuleer=cancel sturen=send "
        "stuur=send annuleert=cancel terugbetalen=refund verander=change veranderen=change wijzig=change verstuur=send "
        "stuurt=send alstublieft=please graag=please"
    ),
}
for _code, _words in _MORE.items():
    for _pair in _words.split():
        _foreign, _, _english = _pair.partition("=")
        FOREIGN[_code][1].setdefault(_foreign, _english.replace("-", " ").replace("e mail", "e-mail"))
