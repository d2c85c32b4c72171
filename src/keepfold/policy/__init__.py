"""The policy room: one file says which customer data is held, for which purposes, and on which ground.

It owns the format of that file, its checks, its versions and their differences, and every decision made from it.
It promises that a policy with an error is never activated, that a decision is a pure function of the compiled policy
and the facts, and that every decision can say which rule made it. It never sees a customer's value.
"""
