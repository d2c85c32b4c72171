"""Console pages about staff, their roles, and API clients. They translate only: actions decide, queries know."""

from __future__ import annotations

from keepfold.people.console import clients, roles, staff

urlpatterns = [*staff.urlpatterns, *roles.urlpatterns, *clients.urlpatterns]
