"""The customers' pages: find somebody, see what is held, open it for a purpose, change it, erase it."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from keepfold.console.customers import consenting, editing, erasing, exporting, finding, held, history, revealing
from keepfold.ui import nav

nav.register(
    nav.Item("customers", "customers", _("Customers"), "users", "customers", finding.NEEDS, order=10, keys="G C")
)

urlpatterns = [
    path("customers", finding.customers, name="customers"),
    path("customers/new", editing.new, name="customer_new"),
    path("customers/entries/<str:entry>", history.entry, name="customer_entry"),
    path("customers/export", exporting.export, name="customers_export"),
    path("customers/<str:customer>", held.held, name="customer"),
    path("customers/<str:customer>/open", revealing.reveal, name="customer_open"),
    path("customers/<str:customer>/openings", history.openings, name="customer_openings"),
    path("customers/<str:customer>/consents", consenting.consents, name="customer_consents"),
    path("customers/<str:customer>/edit", editing.edit, name="customer_edit"),
    path("customers/<str:customer>/erase", erasing.erase, name="customer_erase"),
]
