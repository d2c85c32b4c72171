"""Console pages about the policy. Each module brings its addresses; this one joins them."""

from __future__ import annotations

from keepfold.policy.console import decisions, document, draft, versions, workshop

urlpatterns = [
    *decisions.urlpatterns,
    *document.urlpatterns,
    *versions.urlpatterns,
    *workshop.urlpatterns,
    *draft.urlpatterns,
]
