"""What stands on the screens: one module for each pane or family of panes."""
