"""What a site sets and what the domain lists: settings, and the data files people may change.

Importing it reads nothing; `settings.load_settings` and `data` read when they are called.
"""
