"""Wikimedia Commons, or any MediaWiki: a client of the Action API, the category walk and the page sync."""
