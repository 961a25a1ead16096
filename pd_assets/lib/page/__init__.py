"""One reading of a file page, for rights and labels: wikitext, boxes, dates, makers, statements, personal marks."""
