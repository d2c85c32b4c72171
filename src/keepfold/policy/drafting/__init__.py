"""Drafts: texts of a policy in the making, who wrote them, and the way to their activation.

`rules` are pure: what may follow what, from which day, how two texts come together. `rows` is the storage, every row
marked; `reading` says who may know what of it. The room's actions change drafts by `keepfold.policy.moves`.
"""
