"""The pages of “Data”: what is loaded, load a file, look at it, apply it, undo it; students by name."""
