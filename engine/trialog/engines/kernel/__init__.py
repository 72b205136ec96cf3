"""The cohort engine's kernel: a plan as generated functions over one patient's whole numbers.

A patient's facts are few, so that a rule is nested loops over short runs of rows. `shape` says where which rows lie, `source`
writes the functions, `helpers` are what they call. All of it is written in the part of Python that `llvm_text` compiles: `host`
runs it as it is, `machine` as machine code. What makes the rows that a plan asks of a chart is in `trialog.cohort`.
"""
