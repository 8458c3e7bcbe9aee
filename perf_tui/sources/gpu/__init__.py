"""GPUs of this machine: NVIDIA through its management library, AMD and Intel through /sys."""
