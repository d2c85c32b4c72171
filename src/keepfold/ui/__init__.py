"""How Keepfold looks: tokens, components, icons, fonts and the page frame.

Owns no facts and no rules. Promises: no inline style or script anywhere, nothing loaded from another server, light
and dark, readable at 390 px.
"""
