"""A compress, computed: what a range means, what becomes of each run, what stands in the archive.

Nothing here writes, and nobody is asked; that is what ``ops`` do. docs/architecture.md says which module does what.
"""
