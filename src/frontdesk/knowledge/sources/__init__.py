"""Where articles come from: a folder, git, a sitemap, a list of addresses, an export, a table of questions."""
