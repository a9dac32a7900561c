"""Raw bytes as one mail: split, decoded and safe, with the marks its author and gateway left."""
