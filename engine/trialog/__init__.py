"""A knowledge base of clinical-trial criteria: see docs/architecture.md."""
