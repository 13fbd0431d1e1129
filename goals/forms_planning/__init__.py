"""Forms of “Goals & plan”."""
