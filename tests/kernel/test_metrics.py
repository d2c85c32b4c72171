"""Metrics: labels from fixed lists, one sum over all processes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from keepfold.kernel import metrics
from keepfold.kernel.errors import Misconfigured


@pytest.fixture(autouse=True)
def registry(monkeypatch):
    import prometheus_client

    fresh = prometheus_client.CollectorRegistry()
    for kind in ("Counter", "Histogram", "Gauge"):
        made = getattr(prometheus_client, kind)
        monkeypatch.setattr(prometheus_client, kind, lambda *a, made=made, **k: made(*a, registry=fresh, **k))
    monkeypatch.setattr(prometheus_client, "REGISTRY", fresh)
    for name in ("_declared", "_made", "_children"):
        monkeypatch.setattr(metrics, name, {})
    monkeypatch.delenv(metrics.MULTIPROCESS, raising=False)


def shown():
    return metrics.render().decode()


def test_a_counter_counts_by_label():
    metrics.counter("shop_orders", "Orders.", outcome=("placed", "refused"))
    metrics.count("shop_orders", outcome="placed")
    metrics.count("shop_orders", 4, outcome="placed")
    metrics.count("shop_orders", outcome="refused")
    assert 'shop_orders_total{outcome="placed"} 5.0' in shown()
    assert 'shop_orders_total{outcome="refused"} 1.0' in shown()


def test_a_label_that_is_not_in_its_list_is_counted_as_other():
    metrics.counter("shop_orders", "Orders.", customer=("known",))
    for _ in range(2):
        metrics.count("shop_orders", customer="carl@example.org")
    assert 'shop_orders_total{customer="other"} 2.0' in shown()
    assert "carl" not in shown()


def test_a_list_may_be_asked_for_when_it_is_needed():
    names = []
    metrics.counter("shop_orders", "Orders.", name=lambda: names)
    names.append("tea")
    metrics.count("shop_orders", name="tea")
    assert 'name="tea"' in shown()


def test_a_duration_and_a_gauge_are_shown():
    metrics.histogram("shop_seconds", "Time.")
    metrics.gauge("shop_stock", "Stock.")
    metrics.observe("shop_seconds", 0.02)
    metrics.put("shop_stock", 7)
    assert 'shop_seconds_bucket{le="0.025"} 1.0' in shown()
    assert "shop_stock 7.0" in shown()


@pytest.mark.parametrize(
    "labels", [{}, {"outcome": "placed", "more": "x"}, {"more": "x"}], ids=["none", "more", "other"]
)
def test_a_metric_that_is_not_declared_like_that_is_refused(labels):
    metrics.counter("shop_orders", "Orders.", outcome=("placed",))
    with pytest.raises(Misconfigured):
        metrics.count("shop_orders", **labels)
    with pytest.raises(Misconfigured):
        metrics.count("shop_nothing")


def test_two_first_counts_at_the_same_moment_make_one_metric():
    import threading

    together, failed = threading.Barrier(8), []
    metrics.counter("shop_orders", "Orders.")

    def run():
        together.wait(10)
        try:
            metrics.count("shop_orders")
        except ValueError as error:
            failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert "shop_orders_total 8.0" in shown()


SCRIPT = """
import sys
from keepfold.kernel import metrics
metrics.counter("shop_orders", "Orders.", outcome=("placed",))
for _ in range(int(sys.argv[1])):
    metrics.count("shop_orders", outcome="placed")
"""


def test_the_values_of_all_processes_are_added_up_and_those_of_an_earlier_run_are_dropped(tmp_path):
    folder = metrics.prepare(tmp_path)
    try:
        assert folder == tmp_path / "run" / "metrics"
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        for number in ("3", "4"):
            subprocess.run([sys.executable, "-c", SCRIPT, number], env=environment, check=True)
        assert 'shop_orders_total{outcome="placed"} 7.0' in shown()
        metrics.prepare(tmp_path)
        assert "shop_orders" not in shown()
    finally:
        del os.environ[metrics.MULTIPROCESS]
