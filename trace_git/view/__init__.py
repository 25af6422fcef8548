"""Reading and counting: what is derived from trees, and so is never stale. Nothing here writes a ref or an object."""
