"""The built-in materializers, one module for each kind of output, over one common draft.

They turn items into parts of an output and judge what a provider would refuse. They do not
hash, cache, count tokens or raise: that is ``view.materialize``.
"""
