"""Drafts: texts of a policy in the making, who wrote them, and the way to their activation.

`rules` are pure: what may follow what, who may say yes, from which day, how two texts come together. `rows` is the
storage, every row marked. `actions` of the room and its console build on both.
"""
