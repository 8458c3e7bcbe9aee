"""This machine: CPU, memory, disks, file systems, network, pressure, processes."""
