"""Three-way merge of contexts, by item and attribute: computing what a merge would give. Nothing here writes.

``folders`` reads of each side what differs somewhere (a ``Side`` of ``sides``), ``bases`` finds what is compared,
``verdicts`` merges each attribute, ``pairing`` knows tool groups, ``places`` the order, ``plan`` puts it together.
"""
