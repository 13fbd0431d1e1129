"""Pages of “Goals & plan”."""
