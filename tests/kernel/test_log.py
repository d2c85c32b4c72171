"""Nothing personal reaches a log: it is planted in every place where it could stand, and looked for everywhere."""

# ruff: noqa: G004, G201, LOG015, TRY301  logging wrongly is what is tested here

from __future__ import annotations

import ast
import io
import json
import logging
import sys
import threading
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfold.kernel import log
from keepfold.kernel.errors import NotFound

MAIL, NAME, PHONE = "carl.nowak@example.org", "Carl Nowák", "+49 30 901820"
CANARIES = (MAIL, "carl.nowak", NAME, "Nowák", "Now\\u00e1k", PHONE, "901820")


@pytest.fixture(params=["json", "console"])
def sink(request):
    stream = io.StringIO()
    log.configure(request.param, "debug", stream)
    yield stream
    log.restore()
    log.clear()


def assert_clean(text):
    assert text
    for canary in CANARIES:
        assert canary not in text


def last(stream):
    return json.loads(stream.getvalue().splitlines()[-1])


@pytest.fixture
def lines():
    stream = io.StringIO()
    log.configure("json", "debug", stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    log.restore()
    log.clear()


def test_a_canary_in_events_keys_values_contexts_and_exceptions_is_found_nowhere(sink):
    logger = log.get_logger("keepfold.shop")
    log.bind(actor_id=MAIL, customer=NAME)
    logger.info(f"sealed {NAME}", count=1)
    logger.info("record.sealed", email=MAIL, kind=MAIL, code=NAME, rows=[MAIL, 1], **{MAIL: 1, PHONE: 2})
    logger.info(MAIL)
    logger.warning("record.sealed %s", MAIL, error=MAIL, place=NAME, state={"mail": MAIL})
    try:
        try:
            {}[MAIL]
        except KeyError as error:
            raise ValueError(f"no {NAME}") from error
    except ValueError:
        logger.exception("record.failed")
        logger.error("record.failed", exc_info=sys.exc_info())
    assert_clean(sink.getvalue())


def test_a_canary_in_lines_of_other_libraries_is_found_nowhere(sink):
    other = logging.getLogger("some.library")
    other.warning("could not reach %s at %s", NAME, MAIL)
    other.warning(f"could not reach {MAIL}")
    other.warning("could not reach " + NAME)
    other.warning(MAIL, extra={"customer": NAME})
    other.warning({"mail": MAIL})
    other.warning(ValueError(MAIL))
    other.error("failed for %(name)s", {"name": NAME})
    try:
        raise ValueError(MAIL)
    except ValueError:
        other.exception("failed", stack_info=True)
        logging.exception(f"failed for {NAME}")
    assert_clean(sink.getvalue())


def test_a_canary_in_what_nobody_catches_is_found_nowhere(sink, capfd):
    def fail():
        raise ValueError(f"no {NAME} {MAIL}")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    try:
        fail()
    except ValueError:
        sys.excepthook(*sys.exc_info())

    class Unwilling:
        def __del__(self):
            fail()

    Unwilling()
    assert_clean(sink.getvalue())
    assert sink.getvalue().count("uncaught") == 3
    assert capfd.readouterr() == ("", "")


def test_a_handler_that_somebody_adds_gets_clean_records(sink):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(message)s %(exc_text)s"))
    logging.getLogger("some.library").addHandler(handler)
    try:
        try:
            raise ValueError(MAIL)
        except ValueError:
            logging.getLogger("some.library").exception("failed for %s", NAME)
        log.get_logger("some.library").info("record.sealed", email=MAIL)
    finally:
        logging.getLogger("some.library").removeHandler(handler)
    assert_clean(stream.getvalue())
    assert "failed for %s" in stream.getvalue()


def test_a_logger_is_clean_before_anything_is_configured(caplog):
    log.get_logger("keepfold.shop").warning(f"sealed {NAME}", email=MAIL)
    assert caplog.records[0].msg == {
        "event": log.WITHHELD, "withheld": 2, "level": "warning", "logger": "keepfold.shop",
    }  # fmt: skip


def test_what_is_allowed_is_written(lines):
    log.bind(request_id="f00d", actor_id=b"\x01" * 16)
    log.get_logger("keepfold.shop").info("record.sealed", count=3, seconds=0.5, kind="shop.count", state=None)
    (line,) = lines()
    assert line.pop("at").endswith("+00:00")
    assert line == {
        "event": "record.sealed", "level": "info", "logger": "keepfold.shop", "request_id": "f00d",
        "actor_id": "01" * 16, "count": 3, "seconds": 0.5, "kind": "shop.count", "state": None,
    }  # fmt: skip


def test_what_is_withheld_is_counted(lines):
    log.get_logger().info("record.sealed", email=MAIL, name=NAME, kind="a b")
    (line,) = lines()
    assert (line["withheld"], line["kind"]) == (3, log.WITHHELD)


def test_an_exception_shows_kind_code_and_place(lines):
    def lookup():
        raise NotFound(f"no {NAME}", code="shop.gone")

    try:
        lookup()
    except NotFound:
        log.get_logger().exception("record.failed")
    (line,) = lines()
    assert line["trace"].startswith("NotFound(shop.gone) at ")
    assert "test_log.py:" in line["trace"]


def test_a_constant_text_of_another_library_is_kept_with_its_place(lines):
    logging.getLogger("some.library").warning("connection %s lost", "to " + MAIL)
    (line,) = lines()
    assert line["event"] == "connection %s lost"
    assert "test_log.py:" in line["place"]


def test_a_running_action_is_named_in_every_line(lines):
    log.context_from(lambda: {"action": "shop.order.place", "room": "shop"})
    try:
        log.get_logger().info("record.sealed")
    finally:
        log._providers.pop()
    assert (lines()[0]["action"], lines()[0]["room"]) == ("shop.order.place", "shop")


def test_the_level_is_respected():
    stream = io.StringIO()
    log.configure("json", "warning", stream)
    try:
        log.get_logger().info("record.sealed")
        log.get_logger().warning("record.failed")
    finally:
        log.restore()
    assert stream.getvalue().count("\n") == 1


def test_restoring_gives_everything_back():
    before = (logging.getLogRecordFactory(), logging.getLogger().handlers[:], sys.excepthook, threading.excepthook)
    log.configure("json")
    log.restore()
    assert (logging.getLogRecordFactory(), logging.getLogger().handlers, sys.excepthook, threading.excepthook) == before


def test_every_line_that_the_program_writes_has_a_constant_event_and_allowed_keys():
    found, wrong = 0, []
    for path in sorted((Path(log.__file__).parents[1]).rglob("*.py")):
        for line in filter(writes_a_line, ast.walk(ast.parse(path.read_text(encoding="utf-8")))):
            found += 1
            event = line.args[0] if line.args else None
            is_constant = isinstance(event, ast.Constant) and log._EVENT.match(str(event.value))
            if not is_constant or {keyword.arg for keyword in line.keywords} - log.KEYS - {"exc_info"}:
                wrong.append(f"{path.name}:{line.lineno}")
    assert wrong == []
    assert found >= 5


def writes_a_line(node):
    called = node.func if isinstance(node, ast.Call) else None
    if not isinstance(called, ast.Attribute) or called.attr not in {"debug", "info", "warning", "error", "exception"}:
        return False
    return ast.unparse(called.value).startswith(("log", "_log", "get_logger"))


@given(st.dictionaries(st.text(max_size=20) | st.sampled_from(sorted(log.KEYS)), st.text(max_size=40), max_size=6))
def test_no_text_with_a_blank_an_at_sign_or_a_foreign_letter_passes(line):
    fields = log.cleaned(line)
    assert set(fields) <= log.KEYS
    for key, value in fields.items():
        if isinstance(value, str) and value != log.WITHHELD and key not in log._TRACES:
            assert value.isascii()
            assert not {"@", " ", "\n", "'", '"', "="} & set(value)
    orjson.dumps(fields)
