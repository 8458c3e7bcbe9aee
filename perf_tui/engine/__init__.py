"""The part that runs day and night: sources are read, values derived, stored, judged and published."""
