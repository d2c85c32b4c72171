"""Console pages about the policy. Each module brings its addresses; this one joins them."""

from __future__ import annotations

from keepfold.policy.console import decisions

urlpatterns = [*decisions.urlpatterns]
