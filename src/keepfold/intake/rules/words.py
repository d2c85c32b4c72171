"""What columns are called: our own list of names for the things that a customer table holds, in many languages.

A phrase is written with underscores between its words. Words are compared without accents and without case, and
`first_name`, `FirstName` and `firstname` are the same.
"""

from __future__ import annotations

from collections.abc import Mapping

CONCEPTS: Mapping[str, str] = {
    "email": """email e_mail mail email_address e_mail_address mail_address email_addr email_adresse e_mail_adresse
        courriel adresse_email adresse_mail correo correo_electronico direccion_de_correo posta_elettronica
        indirizzo_email endereco_de_email emailadres e_mailadres adres_email poczta_elektroniczna e_postadress epost
        eposta e_posta adresa_elektronicke_posty email_cim elektronnaya_pochta почта электронная_почта email_адрес
        ηλεκτρονικο_ταχυδρομειο ηλ_ταχυδρομειο メール メールアドレス 邮箱 电子邮件 电邮 信箱 이메일 البريد_الإلكتروني
        بريد_إلكتروني ईमेल""",
    "phone": """phone phone_number phone_no telephone telephone_number tel tel_no telno telefon telefonnummer
        telefon_nummer rufnummer fon numero_de_telephone telefono numero_de_telefono numero_di_telefono telefone
        telefoon telefoonnummer numer_telefonu nr_telefonu telefonni_cislo telefonnr puhelin puhelinnumero
        telefonszam телефон номер_телефона τηλεφωνο 電話 電話番号 电话 电话号码 전화 전화번호 هاتف رقم_الهاتف फोन
        contact_number phonenum msisdn""",
    "mobile": """mobile mobile_phone mobile_number cell cellphone cell_phone handy handynummer mobil mobilnummer
        mobiltelefon portable telephone_portable movil celular telefono_movil cellulare telemovel mobiel komorka
        telefon_komorkowy gsm мобильный κινητο 携帯 携帯電話 手机 手机号 휴대폰 جوال मोबाइल""",
    "fax": "fax fax_number faxnummer telefax telefaxnummer telecopie факс φαξ ファックス 传真 팩스 فاكس",
    "given_name": """first_name given_name forename fname firstname christian_name vorname rufname prenom nombre
        primer_nombre nome nome_proprio primeiro_nome voornaam imie jmeno krestni_jmeno fornamn etunimi keresztnev
        prenume ad adi isim имя ονομα 名 名前 이름 الاسم_الأول पहला_नाम""",
    "family_name": """last_name family_name surname lname lastname second_name nachname familienname zuname nom
        nom_de_famille apellido apellidos primer_apellido cognome sobrenome apelido achternaam nazwisko prijmeni
        efternamn sukunimi vezeteknev nume_de_familie soyad soyadi фамилия επωνυμο επιθετο 姓 苗字 성 اسم_العائلة
        الكنية उपनाम""",
    "full_name": """name person full_name customer_name display_name contact_name person_name vollstaendiger_name
        name_vorname nom_complet nom_et_prenom nombre_completo nombre_y_apellidos nome_completo nome_e_cognome
        volledige_naam naam imie_i_nazwisko jmeno_a_prijmeni namn fullstandigt_namn nimi nev ad_soyad фио полное_имя
        ονοματεπωνυμο 氏名 お名前 姓名 名字 성명 الاسم الاسم_الكامل नाम पूरा_नाम""",
    "middle_name": "middle_name second_forename middle_initial zweiter_vorname deuxieme_prenom patronymic отчество",
    "title": "title salutation honorific anrede titel civilite tratamiento titolo aanhef pozdrav oslovení mr_mrs",
    "company": """company company_name organisation organization org employer business business_name firma
        firmenname unternehmen arbeitgeber societe entreprise raison_sociale empresa compania azienda ragione_sociale
        societa bedrijf bedrijfsnaam przedsiebiorstwo nazwa_firmy spolecnost foretag yritys ceg sirket компания
        организация εταιρεια 会社 会社名 公司 公司名称 회사 شركة कंपनी""",
    "street": """street street_address address address_1 address1 address_line address_line_1 addr addr1 line1
        street_name strasse str anschrift adresse strasse_und_hausnummer strasse_hausnummer strasse_nr rue voie
        direccion calle domicilio indirizzo via endereco rua morada adres ulica straat ulice gatuadress gata adress
        katuosoite osoite cim utca улица адрес διευθυνση οδος 住所 番地 地址 街道 주소 عنوان العنوان शारीरिक_पता पता""",
    "street_2": """address_2 address2 address_line_2 line2 addr2 addressline2 street_2 adresszusatz zusatz
        complement_d_adresse complemento apartment apt unit suite""",
    "house_number": "house_number house_no hausnummer hausnr numero_civico huisnummer numer_domu cislo_domu husnummer",
    "postcode": """postal_code postcode post_code zip zip_code zipcode plz postleitzahl code_postal codigo_postal cp cap
        codice_postale cep kod_pocztowy psc postnummer postinumero iranyitoszam posta_kodu индекс почтовый_индекс
        ταχυδρομικος_κωδικας τκ 郵便番号 邮编 邮政编码 우편번호 الرمز_البريدي पिन_कोड pin_code pincode eircode""",
    "city": """city town place locality ort stadt wohnort ville commune ciudad localidad citta comune cidade
        localidade stad plaats woonplaats miasto miejscowosc mesto obec postort kaupunki varos sehir ilce город πολη
        市 市区町村 城市 도시 مدينة शहर""",
    "region": """state province region county state_province state_or_province bundesland land_region departement
        provincia estado regione distrito provincie wojewodztwo kraj lan maakunta megye il область край νομος
        περιφερεια 都道府県 省 省份 지역 محافظة राज्य prefecture""",
    "country": """country country_code country_name nation land staat pays pais paese kraj kraj_pochodzenia panstwo stat
        zeme maa orszag tara ulke страна χωρα 国 国名 国家 국가 بلد الدولة देश country_iso iso_country""",
    "birth_date": """birth_date date_of_birth birthdate birthday dob born geburtsdatum geburtstag geb_datum
        date_de_naissance naissance fecha_de_nacimiento data_di_nascita data_de_nascimento geboortedatum
        data_urodzenia datum_narozeni fodelsedatum syntymaaika szuletesi_datum dogum_tarihi дата_рождения
        ημερομηνια_γεννησης 生年月日 出生日期 생년월일 تاريخ_الميلاد जन्म_तिथि bday""",
    "gender": "gender sex geschlecht sexe sexo genere geslacht plec pohlavi kon sukupuoli пол φυλο 性別 性别 성별",
    "language": """language locale lang preferred_language sprache langue idioma lingua taal jezyk jazyk sprak kieli
        язык γλωσσα 言語 语言 언어 لغة भाषा""",
    "iban": "iban account_iban bank_account bankverbindung kontonummer konto rib compte_bancaire cuenta_bancaria",
    "bic": "bic swift swift_code bic_swift",
    "card": """card card_number cardnumber credit_card credit_card_number cc_number ccnum pan kreditkarte
        kreditkartennummer carte_bancaire tarjeta numero_de_tarjeta carta_di_credito cartao_de_credito""",
    "card_code": "cvv cvc cvv2 card_code security_code pruefziffer",
    "card_expiry": "expiry expiry_date card_expiry exp_date valid_until gueltig_bis",
    "national_id": """ssn social_security_number national_id nin tax_id tin nif nie dni cpf pesel bsn personnummer
        steuer_id steuernummer sozialversicherungsnummer codice_fiscale numero_de_securite_sociale rodne_cislo
        passport passport_number ausweisnummer id_card_number aadhaar""",
    "vat_id": "vat_id vat_number vat ust_id ustid umsatzsteuer_id numero_tva partita_iva btw_nummer",
    "username": "username user_name login login_name nickname nick benutzername identifiant usuario utente handle",
    "password": "password passwd pwd password_hash hashed_password passwort kennwort mot_de_passe contrasena secret",
    "ip": "ip ip_address ip_addr last_ip client_ip ip_adresse remote_addr",
    "url": "url website web homepage web_site webseite site_web sitio_web pagina_web",
    "note": """note notes comment comments remark remarks memo description bemerkung bemerkungen notiz notizen
        kommentar beschreibung remarque commentaire observaciones nota notas commento opmerking uwagi poznamka""",
    "created": """created created_at created_on date_created registered registered_at signup_date joined joined_at
        member_since customer_since erstellt erstellt_am angelegt_am kunde_seit date_creation creado fecha_alta""",
    "updated": "updated updated_at modified modified_at last_modified changed_at geaendert_am date_modification",
    "last_login": "last_login last_seen last_login_at last_visit letzter_login derniere_connexion",
    "id": """id uid uuid guid key pk number no nr rep_id row_id rowid customer_id customer_no customer_number
        kundennummer kunden_nr numero_client client_id cislo_zakaznika 顧客番号 客户编号""",
    "agent": "support_rep_id support_rep sales_rep agent account_manager betreuer sachbearbeiter commercial vendedor",
    "consent": "consent opt_in newsletter newsletter_opt_in marketing_consent einwilligung consentement subscribed",
    "status": "status state_code active is_active enabled disabled aktiv deleted is_deleted verified email_verified",
    "amount": "amount total balance revenue spent total_spent price umsatz betrag saldo montant importe credit_limit",
    "allergies": "allergies allergy allergien allergie alergias allergies_intolerances",
    "purchases": """orders order_items purchases purchase_history last_order items bestellungen kaeufe commandes
        compras pedidos acquisti ordini""",
}

# Words that say whose something is, not what it is.
NOISE = frozenset(  # words are read more easily as words
    """customer customers client clients cust kunde kunden kunde_in user users contact contacts person persona member
    members account billing shipping delivery invoice home main primary default my the of de la le du des der die das
    rechnung liefer rechnungs lieferung haupt privat private work business ship bill to c usr tbl val value field
    klient zakaznik cliente utente usuario kund asiakas 顧客 客户""".split(),  # noqa: SIM905
)

# What the two taxonomies that a policy may refer to call these things: the last parts of their keys.
FIDES: Mapping[str, str] = {
    "email": "email",
    "phone_number": "phone",
    "name.first": "given_name",
    "name.last": "family_name",
    "user.name": "full_name",
    "address.street": "street",
    "address.city": "city",
    "address.state": "region",
    "address.postal_code": "postcode",
    "address.country": "country",
    "contact.address": "street",
    "date_of_birth": "birth_date",
    "gender": "gender",
    "language": "language",
    "bank_account": "iban",
    "credit_card": "card",
    "government_id": "national_id",
    "purchase_history": "purchases",
    "fax_number": "fax",
    "organization": "company",
}
DPV: Mapping[str, str] = {
    "EmailAddress": "email",
    "TelephoneNumber": "phone",
    "PhysicalAddress": "street",
    "City": "city",
    "Region": "region",
    "PostalCode": "postcode",
    "Country": "country",
    "BirthDate": "birth_date",
    "Gender": "gender",
    "Language": "language",
    "BankAccount": "iban",
    "CreditCardNumber": "card",
    "PaymentCardNumber": "card",
    "Purchase": "purchases",
}
# What a type of the policy says when the name says nothing.
TYPES: Mapping[str, str] = {
    "email": "email",
    "phone": "phone",
    "country": "country",
    "postcode": "postcode",
    "card": "card",
    "iban": "iban",
}
# Concepts that may stand in for each other, worst first choice last.
NEIGHBOURS: Mapping[str, tuple[str, ...]] = {"phone": ("mobile",), "mobile": ("phone",)}
LABELS: Mapping[str, str] = {
    "id": "a number of the old system",
    "agent": "who looks after the customer",
    "fax": "a fax number",
    "company": "a company",
    "card": "a payment card number",
    "card_code": "a card's security code",
    "national_id": "an identity or tax number",
    "password": "a password",
    "birth_date": "a date of birth",
    "note": "free text",
}
