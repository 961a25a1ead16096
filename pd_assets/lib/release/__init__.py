"""What was made of which picture, and what may stay in use: members, takedowns, lineage, promotion."""
