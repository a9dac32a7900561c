"""The words that document passwords are made of: data only, read through `config.data`."""
