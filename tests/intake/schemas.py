"""Schemas for tests of the pure parts, without a policy file."""

from __future__ import annotations

from keepfold.policy.types import FieldSpec, PartSpec, Schema


def field(name: str, kind: str = "text", *, number: int = 1, **more: object) -> FieldSpec:
    """Return one data item."""
    facts: dict[str, object] = {"label": {}, "compartment": "contact", "compartment_number": 1} | more
    return FieldSpec(name=name, number=number, type=kind, **facts)


def schema(*fields: FieldSpec) -> Schema:
    """Return a schema of these data items."""
    return Schema(
        version="0" * 64, hash=bytes(32), fields={spec.name: spec for spec in fields}, purposes={}, compartments={}
    )


def shop() -> Schema:
    """Return the data items of a media shop."""
    needed = {"required_for": ("fulfil_order",)}
    return schema(
        field("email", "email", identity=True, **needed),
        field("first_name", "name", **needed),
        field("last_name", "name", **needed),
        field("phone", "phone"),
        field("address", "text", **needed),
        field("city", "text", **needed),
        field("state", "text"),
        field("postal_code", "postcode"),
        field("country", "country", **needed),
    )


def boxed() -> Schema:
    """Return a schema with a structure and a list."""
    parts = (PartSpec(name="street", type="text", max_length=100), PartSpec(name="city", type="text", max_length=100))
    tags = (PartSpec(name="", type="text", max_length=20),)
    return schema(
        field("email", "email"), field("address", "structure", parts=parts), field("tags", "list", parts=tags)
    )
