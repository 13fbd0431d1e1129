"""Where we stand, where we want to be, how we get there."""
