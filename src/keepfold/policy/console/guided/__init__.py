"""The guided half of the workshop: a form for each kind of entry. What it says becomes steps on the text.

A form governs the keys that it shows; every other key of an entry stays as the file has it.
"""
