"""Data in, file out: what leaves the product for a spreadsheet, a printer or another program."""
