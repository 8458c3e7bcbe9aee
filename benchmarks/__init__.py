"""What the program costs, measured; and the terminal that measurements, tests and pictures run it on."""
