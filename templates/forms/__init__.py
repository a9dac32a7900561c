"""Page layouts of the blank forms; words and fields come from the form definitions."""
