"""From licensed pictures to a dataset: label fields, captions, splits, the export and its manifest."""
