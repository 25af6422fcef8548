"""The verbs: one file each. Each takes a handle, computes what should be written, and writes it in one transaction."""
