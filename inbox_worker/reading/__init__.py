"""Reading in children that can be killed: time, memory and crashes stay there."""
