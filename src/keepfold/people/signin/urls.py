"""Addresses of the pages about signing in and one's account. `account_login` and `mfa_authenticate` are allauth's."""

from __future__ import annotations

from django.urls import path

from keepfold.people.signin import account, entry, methods, recovery

urlpatterns = [
    path("sign-in", entry.sign_in, name="sign_in"),
    path("sign-in", entry.sign_in, name="account_login"),
    path("sign-in/passkey", entry.passkey, name="sign_in_passkey"),
    path("sign-in/code", entry.second_step, name="sign_in_code"),
    path("sign-in/code", entry.second_step, name="mfa_authenticate"),
    path("sign-in/again", entry.again, name="sign_in_again"),
    path("sign-in/forgotten", recovery.forgotten, name="password_forgotten"),
    path("sign-in/forgotten/code", recovery.mailed_code, name="password_code"),
    path("sign-out", entry.sign_out, name="sign_out"),
    path("welcome/<str:token>", recovery.welcome, name="welcome"),
    path("account", account.account, name="account"),
    path("account/secure", methods.secure, name="account_secure"),
    path("account/password", account.password, name="password"),
    path("account/app", methods.app, name="app"),
    path("account/codes", methods.recovery_codes, name="recovery_codes"),
    path("account/passkeys/new", methods.passkey_new, name="passkey_new"),
    path("account/passkeys/<str:factor>", methods.passkey, name="passkey"),
    path("account/sessions", account.end_sessions, name="sessions_end"),
    path("account/not-me", account.not_me, name="not_me"),
    path("account/tour", account.tour, name="tour"),
]
