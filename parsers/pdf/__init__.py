"""The objects of a PDF as its format has them: fields, appearances, signatures, files inside.

Nothing here knows what a form asks, or draws a page.
"""
