"""The pictures in this folder, and the script that takes them: `python -m screenshots.take`."""
