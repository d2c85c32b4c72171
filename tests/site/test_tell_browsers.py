"""What browsers are told about the way here."""

import gzip
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


@pytest.fixture
def send():
    def send(method, *, encoding="gzip, br", kind="text/html; charset=utf-8", status=200):
        page = HttpResponse("<p>held as promised</p>" * 100, content_type=kind, status=status)
        request = RequestFactory().generic(method, "/", headers={"accept-encoding": encoding})
        return middleware.compressed(lambda _request: page)(request)

    return send


def test_a_page_that_is_looked_at_comes_compressed_and_never_twice_of_the_same_length(send):
    answers = [send("GET") for _ in range(12)]
    assert {gzip.decompress(one.content) for one in answers} == {b"<p>held as promised</p>" * 100}
    assert all(int(one.headers["Content-Length"]) == len(one.content) for one in answers)
    assert all("Accept-Encoding" in one.headers["Vary"] for one in answers)
    assert len({len(one.content) for one in answers}) > 3


@pytest.mark.parametrize(
    "given", [{"method": "POST"}, {"method": "GET", "encoding": "br"}, {"method": "GET", "kind": "application/json"}]
)
def test_what_a_form_answers_and_what_is_no_page_comes_as_it_is(send, given):
    assert "Content-Encoding" not in send(**given).headers
