"""Console pages about imports. They translate only: actions decide, queries know."""

from __future__ import annotations

from keepfold.intake.console import pages

urlpatterns = pages.urlpatterns
