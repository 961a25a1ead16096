"""The marks that every drawn picture carries, and how they are found again: watermark, XMP, content credentials."""
