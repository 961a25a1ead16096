"""The labelling tool: which pictures lack a caption, and a small page on which a person goes through them."""
