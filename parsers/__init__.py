"""Bytes in, frozen values or a `ParseError` out: mail, forms and replies as data.

This package is pure. It knows no clock, no settings, no database and no network: limits,
definitions and today's date arrive as arguments.
"""
