"""The customers' pages: find somebody, see what is held, open it for a purpose, change it, erase it."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from keepfold.console.customers import finding, person
from keepfold.ui import nav

nav.register(
    nav.Item("customers", "customers", _("Customers"), "users", "customers", finding.NEEDS, order=10, keys="G C")
)

urlpatterns = [
    path("customers", finding.customers, name="customers"),
    path("customers/new", person.new, name="customer_new"),
    path("customers/<str:customer>", person.held, name="customer"),
    path("customers/<str:customer>/open", person.reveal, name="customer_open"),
    path("customers/<str:customer>/openings", person.openings, name="customer_openings"),
    path("customers/<str:customer>/consents", person.consents, name="customer_consents"),
    path("customers/<str:customer>/edit", person.edit, name="customer_edit"),
    path("customers/<str:customer>/erase", person.erase, name="customer_erase"),
]
