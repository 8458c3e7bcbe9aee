"""What a measure is: identity, value, status, unit, and the arithmetic on raw readings. No clock, no I/O."""
