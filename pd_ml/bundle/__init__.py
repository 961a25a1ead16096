"""What is handed out: the folder of a bundle, the papers that are computed from its tables, and how it is verified."""
