"""What browsers are told about the way here."""

from dataclasses import replace

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from keepfold.kernel import config
from keepfold.site import middleware

HSTS = "Strict-Transport-Security"


@pytest.fixture
def answer():
    def answer(address):
        before = config.current()
        config.use(replace(before, site_url=address))
        try:
            chains = [
                chain(lambda _request: HttpResponse("")) for chain in (middleware.page_headers, middleware.api_headers)
            ]
            return [chain(RequestFactory().get("/")) for chain in chains]
        finally:
            config.use(before)

    return answer


def test_who_is_reached_by_https_stays_there_for_half_a_year_at_least(answer):
    for given in answer("https://keepfold.example"):
        name, _, seconds = given.headers[HSTS].partition("=")
        assert name == "max-age"
        assert int(seconds) >= 182 * 24 * 3600


def test_who_is_reached_by_http_on_this_machine_is_told_nothing(answer):
    assert not any(HSTS in given.headers for given in answer("http://localhost:8700"))
