"""Signing in to the console: by password and second factor, by passkey, by a link that works once; and one's account.

allauth leads through the steps and keeps second factors; what it stores is sealed and marked here, and what it shows
are pages of our own.
"""
