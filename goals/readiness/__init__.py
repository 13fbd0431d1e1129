"""From evidence to numbers: derive, count, sum up, protect, explain. One direction (design, section 5)."""
