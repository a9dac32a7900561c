"""The closed vocabulary of documents: data only, read through `config.data`."""
