"""Why an alert fired: which other series moved around its onset, and which of them did so first."""
