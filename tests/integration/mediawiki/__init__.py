"""A real MediaWiki for the tests: `wiki` serves it, `admin` changes it, `fill` puts licensed pictures into it."""
