"""Keepfold: a self-hosted safeguard for customer data, driven by one policy file."""

__version__ = "0.1.0"
