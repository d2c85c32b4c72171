"""Errors as RFC 9457 problem documents, for everything under `/api/`."""

from __future__ import annotations

import orjson
from django.core.exceptions import DisallowedHost, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse

from keepfold.kernel import log
from keepfold.kernel.errors import KeepfoldError, Malformed, NotFound, TooLarge
from keepfold.kernel.problems import as_problem, trace_line

CONTENT_TYPE = "application/problem+json"


def known(error: BaseException) -> KeepfoldError:
    """Return the error that a person may see for any exception; an unexpected one is logged by kind and place."""
    if isinstance(error, Http404):
        return NotFound("There is nothing at this address.", next_step="GET /api/v1/openapi.json lists all addresses.")
    if isinstance(error, DisallowedHost):
        return Malformed(
            "This server does not answer under that host name.",
            code="host",
            next_step="Use one of the names in the setting allowed_hosts.",
        )
    if isinstance(error, RequestDataTooBig):
        return TooLarge("The request is larger than this server takes.", code="body.too-large")
    if isinstance(error, SuspiciousOperation):
        return Malformed("The request cannot be read.")
    problem = as_problem(error)
    if problem.status >= 500:
        log.get_logger("site").error("request.failed", code=problem.code, trace=trace_line(error))
    return problem


def document(problem: KeepfoldError) -> tuple[int, bytes, list[tuple[str, str]]]:
    """Return status, body and headers of a problem."""
    headers = [("Content-Type", CONTENT_TYPE)]
    if "retry_after" in problem.extra:
        headers.append(("Retry-After", str(problem.extra["retry_after"])))
    elif problem.status == 503:
        headers.append(("Retry-After", "5"))
    if problem.status == 401:
        headers.append(("WWW-Authenticate", 'Bearer realm="keepfold"'))
    return problem.status, orjson.dumps(problem.problem(), default=str), headers


def problem_response(_request: HttpRequest, error: BaseException) -> HttpResponse:
    """Return the answer for an exception that a view raised."""
    status, body, headers = document(known(error))
    return HttpResponse(body, status=status, headers=dict(headers))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400."""
    return problem_response(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404."""
    return problem_response(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500 for an exception outside of a view; its kind and place are in the log."""
    return problem_response(request, KeepfoldError("Something unexpected happened.", code="unexpected"))
