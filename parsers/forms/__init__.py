"""A form against its definition and its blank: where labels and slots stand, what is complete."""
