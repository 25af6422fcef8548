"""What a rewrite does to a context, computed: nothing is written here.

``findings`` compares the items before with those after; ``toolgroups``, ``moves`` and ``references`` are what it asks.
"""
