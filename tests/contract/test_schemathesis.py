"""Whatever the OpenAPI document permits, and much that it forbids, is answered as the document says: never a 5xx."""

from __future__ import annotations

import json

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import GenerationMode

from tests.support.wsgi import as_a_server_does

EXAMPLES = 20

api = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", as_a_server_does())
api.config.generation.update(
    modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE],
    # The token is ours to send; the check `ignored_auth` still asks without one and with a wrong one.
    with_security_parameters=False,
)
# What the active policy, the grants and the state of the store refuse is beyond what the document can say of a body.
api.config.checks.positive_data_acceptance.expected_statuses = ["2xx", "401", "403", "404", "409", "422"]


@schemathesis.serializer("application/x-ndjson")
def one_a_line(_context, value):
    """Send a list as lines, and anything else as one line."""
    return b"\n".join(json.dumps(one).encode() for one in (value if isinstance(value, list) else [value]))


@api.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_every_address_answers_as_the_document_says(case, token):
    case.call_and_validate(headers={"Authorization": f"Bearer {token}"})
