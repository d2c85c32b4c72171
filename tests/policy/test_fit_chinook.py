"""The media shop's policy fits the customer table of the public Chinook database."""

from __future__ import annotations

import sqlite3

from keepfold.policy.compile import compile_policy
from tests.policy.base import loaded

# What each column is in the policy; None: no purpose needs it.
COLUMNS = {
    "CustomerId": None, "FirstName": "first_name", "LastName": "last_name", "Company": None, "Address": "address",
    "City": "city", "State": "state", "Country": "country", "PostalCode": "postal_code", "Phone": "phone", "Fax": None,
    "Email": "email", "SupportRepId": None,
}  # fmt: skip


def test_every_needed_column_has_a_data_item_and_every_value_fits_its_length(shared_data):
    file = shared_data / "databases" / "chinook" / "chinook.sqlite"
    found = loaded("media-shop")
    schema = compile_policy(found.policy, found.hash).schema
    assert set(schema.fields) == {name for name in COLUMNS.values() if name}
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
        names = [row[1] for row in database.execute("PRAGMA table_info(Customer)")]
        assert names == list(COLUMNS)
        rows = [dict(zip(names, row, strict=True)) for row in database.execute("SELECT * FROM Customer")]
    database.close()
    assert len(rows) == 59
    for row in rows:
        for column, item in COLUMNS.items():
            if item and row[column] is not None:
                assert len(row[column]) <= schema.fields[item].max_length
    # What some rows lack, no purpose may require.
    for column, item in COLUMNS.items():
        if item and any(row[column] is None for row in rows):
            assert schema.fields[item].required_for == ()


def test_the_e_mail_address_is_the_identity(shared_data):
    found = loaded("media-shop")
    schema = compile_policy(found.policy, found.hash).schema
    assert schema.identity == ("email",)
    assert schema.fields["email"].index[0].unique
    assert not schema.fields["phone"].index[0].unique
