"""The policy file as text: reading it with the place of every key, and the models of what it may say.

Pure: no Django, no clock, no files. `tree` reads YAML into nodes that know their place, `reader` turns nodes into the
models of `document` and names every mistake, `values` holds periods and moments.
"""
