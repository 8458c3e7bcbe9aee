"""The screens: each names its panes and places them for every size of terminal."""
