"""What commands do and show, as plain values, without a terminal."""
