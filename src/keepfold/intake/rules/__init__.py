"""The pure part of the intake room: names, contents, proposals, mappings, conversions. No input or output."""
