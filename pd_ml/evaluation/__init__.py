"""Numbers with their floors, and pictures for people. Nothing in here trains."""
