"""Tables of allauth's second factors, made by us."""
