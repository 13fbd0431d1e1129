"""Files are read here: sources are opened safely, tables stream out of them, layouts make canonical rows."""
