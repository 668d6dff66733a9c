"""The members' portal: pages, their words in both languages, templates and style. Needs no JavaScript."""
