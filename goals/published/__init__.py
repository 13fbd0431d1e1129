"""Published results: the files in which states and the federal government report what districts cannot compute."""
