"""Guided changes of a policy file: what a form says becomes the fewest changes of its text.

Pure: no Django, no clock, no files. `spans` knows where everything stands in the text, `write` brings values into YAML,
`surgery` changes one place and nothing else, `entries` compares what is there with what is wanted. Comments, order,
quotes and blank lines stay as somebody wrote them; what would be lost otherwise is refused.
"""
