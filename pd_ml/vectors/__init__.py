"""Pictures of a dataset as vectors of one CLIP, for a search and for what a drawn picture resembles."""
