"""The Cleveland Museum of Art: its bulk file or the pages of its API, and its records as rows of a museum's table."""
