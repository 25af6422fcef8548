"""Three-way merge of contexts, by item and attribute: computing what a merge would give. Nothing here writes.

``sides`` reads what a commit has, ``verdicts`` merges each attribute, ``places`` the order, ``plan`` puts it together.
"""
