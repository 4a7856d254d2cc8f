"""Dana's tests, a package so that no other `tests` among the installed ones is found in its place."""
