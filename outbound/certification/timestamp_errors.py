"""What is raised where no time-stamp could be had; what asks for one takes long to load."""

from __future__ import annotations


class TimestampError(Exception):
    """The server gave no time-stamp that can be used; the text is one sentence."""

    #: The alarm about decisions that wait for it.
    code = "no_timestamp"
    #: What to do about it.
    hint = "Try again later; `check` asks the server too."
