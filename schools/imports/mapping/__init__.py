"""Layouts as data: a declarative column map, checked, compiled to a table's headings, and read column by column.

TOML ──``layout_file.load``──▶ :class:`spec.FileMap` ──``read.Reader``──▶ rows in the sink
"""
