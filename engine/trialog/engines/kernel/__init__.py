"""The cohort engine's kernel: a plan as one generated function over one patient's integers.

A patient's facts are few, so that a rule is nested loops over short runs of rows. `source` writes the function, `shape` says where
which rows lie, `helpers` are what it calls; `records` makes the rows that a plan asks of a chart. All of it is written in the part of Python
that numba compiles too: `host` runs it as it is, `compiled` as machine code.
"""
