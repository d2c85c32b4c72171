"""Plants scripts in every text that is stored: `KEEPFOLD_HOME=… python -m tests.journeys.planted`, in a built home.

Each text carries a number, so that a page that obeys one says which. Whatever the project refuses to store is refused
here too: what counts is what a page can be made to show.
"""

from __future__ import annotations

import json
import sys
from typing import Any

# An image that runs, a frame that asks, a link, an attribute to break out of, a template, an htmx request, and the
# polyglot of 0xsobky (github.com/0xsobky/HackVault, "Unleashing an Ultimate XSS Polyglot").
SHAPES = (
    '"><img src=x onerror=owned({n})>',
    "'><svg/onload=owned({n})>",
    "</script><script>owned({n})</script>",
    '"><a hx-get="/owned/{n}" hx-trigger="load">',
    '"onfocus="owned({n})"autofocus="',
    "{{{{{n}*0}}}}{{% csrf_token %}}",
    "javascript:owned({n})//",
    '</title></textarea></style><iframe src="/owned/{n}">',
    "jaVasCript:/*-/*`/*\\`/*'/*\"/**/(/* */oNcliCk=owned({n}) )//</stYle/</titLe/</teXtarEa/</scRipt/--!>\\x3csVg/<sVg/oNloAd=owned({n})//>\\x3e",
)
_made: list[str] = []


def text(limit: int = 500) -> str:
    """Return the next planted text that fits."""
    while True:
        number = len(_made)
        shape = SHAPES[number % len(SHAPES)].format(n=number)
        _made.append(shape)
        if len(shape) <= limit:
            return shape


def plant() -> dict[str, Any]:
    """Plant everywhere; return where."""
    from keepfold.people import queries

    operator = queries.operator()
    parts = {"version": _policy(operator), "name": _roles(operator), **_people(operator), **_customer(operator)}
    return {"parts": parts | _papers(parts["staff_id"]), "texts": _made}


def _policy(operator: Any) -> str:
    """Put a policy in force whose every label is planted."""
    from ruamel.yaml import YAML

    from keepfold.policy import actions as policy
    from keepfold.policy import queries

    yaml = YAML()
    document = yaml.load(queries.template("shop"))
    for group in ("data", "purposes", "recipients", "subjects"):
        for thing in document[group].values():
            thing["label"] = {"en": text(), "de": text()}
    document["controller"]["name"] = text(200)
    for example in document["examples"]:
        example["say"] = text(200)
    source = _written(yaml, document)
    version = policy.submit_version(actor=operator, source=source, name=text(80))
    policy.activate(actor=operator, version=version.version)
    return str(version.version)


def _written(yaml: Any, document: Any) -> str:
    from io import StringIO

    out = StringIO()
    yaml.dump(document, out)
    return out.getvalue() + f"# {text()}\n"


def _roles(operator: Any) -> str:
    from keepfold.people import actions as people

    people.define_role(actor=operator, name="planted", actions=("ledger.*",), label={"en": text(80), "de": text(80)})
    return "planted"


def _people(operator: Any) -> dict[str, str]:
    from keepfold.kernel import ids
    from keepfold.people import actions as people

    member = people.add_staff(actor=operator, email="planted@shop.example", name=text(80), roles=("support", "planted"))
    client = people.create_client(actor=operator, name=text(80), actions=("ledger.*",))
    return {"staff_id": ids.show("stf", member.id), "client_id": ids.show("cli", client.client.id)}


def _customer(operator: Any) -> dict[str, str]:
    from keepfold.consent import actions as consent
    from keepfold.kernel import ids
    from keepfold.vault import actions as vault

    person = vault.seal(
        actor=operator,
        values={
            "email": "planted@example.org",
            "first_name": text(80),
            "last_name": text(80),
            "phone": "+46 70 174 06 05",
            "address": text(200),
            "city": text(100),
            "state": text(100),
            "country": "SE",
            "order_items": [{"item": text(200), "quantity": 1, "price": 1.0, "bought_on": "2026-01-15"}],
            "ad_id": text(100),
        },
    ).id
    for _ in range(len(SHAPES)):
        vault.open_record(actor=operator, person=person, purpose="support", reason=text(200))
    said = {"actor": operator, "customer": person, "purpose": "newsletter"}
    # The proof of a consent takes letters and digits only.
    consent.grant_consent(**said, channel="signup_form", form_version="2026-01")
    consent.confirm_consent(**said)
    return {"customer": ids.show("cus", person)}


def _papers(staff: str) -> dict[str, str]:
    """Begin a draft with a planted title, and an import of a planted file."""
    from keepfold.kernel import ids
    from keepfold.people import queries
    from keepfold.people.models import Staff
    from tests.access import stage

    ana = queries.staff_actor(Staff.objects.get(email="ana@shop.example").id.bytes)
    columns = ",".join('"' + text(80).replace('"', '""') + '"' for _ in SHAPES)
    values = ",".join('"' + text(80).replace('"', '""') + '"' for _ in SHAPES)
    content = f"{columns},email\n{values},planted.too@example.org\n{values},not an address\n".encode()
    return {
        "token": stage.make_link(ids.parse("stf", staff)),
        "draft": stage.begin_draft(ana, title=text(80)),
        "import_id": stage.begin_import(ana, content=content, name=text(80) + ".csv"),
    }


def main() -> None:
    """Plant in KEEPFOLD_HOME."""
    from keepfold.site import setup

    setup.load()
    from keepfold.site import wiring

    wiring.wire()
    sys.stdout.write(json.dumps(plant()) + "\n")


if __name__ == "__main__":
    main()
