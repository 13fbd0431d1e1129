"""Who can still be reached this year."""
