"""Many patients at once: the kernel over a store, bucket by bucket, and questions about what it found.

`layout`, `records`, `latest` and `products` make the rows that a plan asks of a chart, `driver` a status and a verdict of what
follows from them; `columns` and `encoding` hand charts over, `screen`, `run` and `output` go through a store.
"""
