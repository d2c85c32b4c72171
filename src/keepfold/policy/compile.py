"""From a checked policy to what decisions and intake run on: a schema, and one compiled rule set per purpose."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from keepfold.gate.types import Treatment
from keepfold.policy.format.document import DataItem, Policy, Purpose
from keepfold.policy.format.sugar import Label
from keepfold.policy.format.values import Moment, Period, start_of
from keepfold.policy.numbers import Numbers, assign, index_name
from keepfold.policy.traits import COMPOUND_TYPES, DEFAULT_ITEMS, DEFAULT_LENGTH, DEFAULT_MASK, NORMALISATION
from keepfold.policy.types import (
    ConsentSpec,
    FieldSpec,
    IndexSpec,
    Labels,
    Need,
    OptOutSpec,
    PartSpec,
    PurposeSpec,
    RetentionSpec,
    Schema,
)

_REGIMES = ("gdpr", "uk_gdpr", "ccpa", "hipaa", "glba")
_REMEMBERED_ROLES = 256
# These moments come with a no, which closes the purpose by itself; after a later yes they count no longer.
_ENDED_BY_A_NO = frozenset({"consent.ended", "opt_out"})


class CompiledPurpose:
    """What one purpose asks for, ready to be asked.

    `treatments` answers for an actor's roles which field leaves how; the answer is remembered per set of roles.
    """

    __slots__ = (
        "_by_roles", "_needs", "basis", "closes_on_gpc", "fields", "may_object", "name", "needs_consent", "number",
        "opt_out", "retention_keep", "retention_since", "retention_text",
    )  # fmt: skip

    def __init__(self, purpose: Purpose, spec: PurposeSpec) -> None:
        self.name = spec.name
        self.number = spec.number
        self.basis = _basis_rules(spec)
        self.needs_consent = spec.consent is not None
        self.opt_out = spec.opt_out is not None
        self.closes_on_gpc = spec.opt_out is not None and spec.opt_out.gpc
        self.may_object = spec.may_object
        self.retention_since: Moment = purpose.retention.since
        self.retention_keep: Period = purpose.retention.keep
        self.retention_text = f"{spec.retention.keep} from {spec.retention.since}"
        self.fields = frozenset(spec.fields)
        self._needs = spec.fields
        self._by_roles: dict[tuple[str, ...], dict[str, Treatment]] = {}

    def treatments(self, roles: tuple[str, ...]) -> dict[str, Treatment]:
        """Return each field of the purpose with its treatment for these roles. The caller must not change it."""
        known = self._by_roles.get(roles)
        if known is None:
            known = {name: _treatment(need, roles) for name, need in self._needs.items()}
            if len(self._by_roles) < _REMEMBERED_ROLES:
                self._by_roles[roles] = known
        return known

    def ends_s(self, moments: Mapping[str, int]) -> int | None:
        """Return the second at which keeping ends, or None while the moment is not known."""
        moment_s = moments.get(self.retention_since.name)
        if moment_s is None or self.retention_since.name in _ENDED_BY_A_NO:
            return None
        return self.retention_keep.after(self.retention_since.start(moment_s))


class CompiledPolicy:
    """One policy version, ready for decisions."""

    __slots__ = ("effective_s", "fields", "hash", "purposes", "schema", "version")

    def __init__(self, schema: Schema, effective_s: int, purposes: dict[str, CompiledPurpose]) -> None:
        self.schema = schema
        self.version = schema.version
        self.hash = schema.hash
        self.effective_s = effective_s
        self.fields = frozenset(schema.fields)
        self.purposes = purposes


def compile_policy(policy: Policy, policy_hash: bytes, numbers: Numbers | None = None) -> CompiledPolicy:
    """Compile a checked policy. Without numbers from a registry, fresh ones are given in the order of the file."""
    given = assign(policy, Numbers()) if numbers is None else numbers
    schema = schema_of(policy, policy_hash, given)
    purposes = {name: CompiledPurpose(policy.purposes[name], spec) for name, spec in schema.purposes.items()}
    effective: date = policy.effective_from
    return CompiledPolicy(schema, start_of(effective), purposes)


def schema_of(policy: Policy, policy_hash: bytes, numbers: Numbers) -> Schema:
    """Return the intake schema of a checked policy."""
    default = policy.languages.default
    return Schema(
        version=policy_hash.hex(),
        hash=policy_hash,
        fields={name: _field(policy, name, item, numbers) for name, item in policy.data.items()},
        purposes={name: _purpose(policy, name, purpose, numbers) for name, purpose in policy.purposes.items()},
        compartments={item.compartment: numbers.compartment[item.compartment] for item in policy.data.values()},
        languages=(default, *policy.languages.also),
    )


def may_object(purpose: Purpose) -> bool:
    """Say whether people may object: by the ground (GDPR Art. 21), or because the policy says so."""
    by_ground = bool({purpose.basis.gdpr, purpose.basis.uk_gdpr} & {"6.1.e", "6.1.f"})
    return by_ground or bool(purpose.rights and purpose.rights.object)


def purposes_of(policy: Policy, item: str) -> tuple[str, ...]:
    """Return the purposes that use a data item."""
    return tuple(name for name, purpose in policy.purposes.items() if item in purpose.data)


def _field(policy: Policy, name: str, item: DataItem, numbers: Numbers) -> FieldSpec:
    longest = item.max_length or DEFAULT_LENGTH[item.type]
    return FieldSpec(
        name=name,
        number=numbers.data[name],
        type=item.type,
        label=item.label.resolved(policy.languages.default),
        compartment=item.compartment,
        compartment_number=numbers.compartment[item.compartment],
        isolate=item.isolate,
        identity=item.identity,
        index=_indexes(name, item, numbers),
        mask=item.mask or DEFAULT_MASK.get(item.type, "hidden"),
        max_length=longest,
        check=item.check,
        parts=tuple(
            PartSpec(
                name=part.name, type=part.type, max_length=part.max_length or min(longest, DEFAULT_LENGTH[part.type])
            )
            for part in item.of.values()
        ),
        max_items=(item.max_items or DEFAULT_ITEMS) if item.type in COMPOUND_TYPES - {"structure"} else 0,
        special=item.special,
        export=item.export,
        source=item.source,
        may_name_others=item.may_name_others,
        dpv=item.dpv,
        fides=item.fides,
        ccpa=item.ccpa,
        required_for=tuple(
            purpose_name
            for purpose_name, purpose in policy.purposes.items()
            if name in purpose.data and purpose.data[name].need == "required"
        ),
    )


def _indexes(name: str, item: DataItem, numbers: Numbers) -> tuple[IndexSpec, ...]:
    return tuple(
        IndexSpec(
            name=index_name(name, wish.form),
            number=numbers.index[index_name(name, wish.form)],
            form=wish.form,
            normalisation=NORMALISATION[item.type],
            unique=bool(wish.unique or item.identity),
        )
        for wish in item.index
    )


def _purpose(policy: Policy, name: str, purpose: Purpose, numbers: Numbers) -> PurposeSpec:
    return PurposeSpec(
        name=name,
        number=numbers.purpose[name],
        label=purpose.label.resolved(policy.languages.default),
        fields={item: _need(wish.need, wish.show) for item, wish in purpose.data.items()},
        basis={regime: getattr(purpose.basis, regime) for regime in _REGIMES if getattr(purpose.basis, regime)},
        retention=RetentionSpec(
            keep=purpose.retention.keep.text,
            since=purpose.retention.since.text,
            then=purpose.retention.then,
            overrides_erasure=purpose.retention.overrides_erasure,
            keep_suppression=purpose.retention.keep_suppression,
        ),
        consent=_consent(purpose),
        opt_out=_opt_out(purpose, policy.languages.default),
        may_object=may_object(purpose),
        subjects=purpose.subjects or tuple(policy.subjects),
        recipients=purpose.recipients,
        profiling=purpose.profiling,
        automated_decision=purpose.automated_decision,
    )


def _need(need: str, show: dict[str, Treatment]) -> Need:
    roles = {role: treatment for role, treatment in show.items() if role}
    return Need(required=need == "required", treatment=show[""], roles=roles)


def _consent(purpose: Purpose) -> ConsentSpec | None:
    consent = purpose.consent
    if consent is None:
        return None
    return ConsentSpec(
        kind=consent.kind,
        double_opt_in=consent.double_opt_in,
        expires=consent.expires.text if consent.expires else None,
        ask_in=consent.ask_in,
        proof=consent.proof,
    )


def _opt_out(purpose: Purpose, default: str) -> OptOutSpec | None:
    opt_out = purpose.opt_out
    if opt_out is None:
        return None
    return OptOutSpec(
        gpc=opt_out.gpc == "honour",
        one_click=opt_out.one_click,
        link=_text(opt_out.link, default),
        within=opt_out.within.text if opt_out.within else None,
        ask_again_after=opt_out.ask_again_after.text if opt_out.ask_again_after else None,
    )


def _text(label: Label | None, default: str) -> Labels:
    return label.resolved(default) if label is not None else {}


def _treatment(need: Need, roles: tuple[str, ...]) -> Treatment:
    """Return what the roles may see: clear when one of them may, else masked; without a rule the general treatment."""
    ruled = [need.roles[role] for role in roles if role in need.roles]
    if not ruled:
        return need.treatment
    return "clear" if "clear" in ruled else "masked"


def _basis_rules(spec: PurposeSpec) -> tuple[str, ...]:
    return tuple(f"basis.{regime}:{ground}" for regime, ground in spec.basis.items())
