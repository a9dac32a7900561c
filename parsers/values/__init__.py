"""One text as one value: dates, names, numbers, places, choices; nothing of forms or files.

`by_type` is the table of how each type of a definition is read; the other modules read one kind.
"""
