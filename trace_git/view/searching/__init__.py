"""What questions to whole histories rest on: where a text was said, who knows it, and how each came to know it.

``news`` reads what each commit changed and keeps the index (``store.textindex``) up to date, ``said`` what a message
says; ``ground`` has all commits in numbers and histories in them; ``asked`` is one question to one trace, ``routes``
tells how something came into a history. Searching itself is ``view.search``, an item's life ``view.blame``.
"""
