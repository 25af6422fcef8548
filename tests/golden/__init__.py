"""On-disk bytes that every later release must read."""
