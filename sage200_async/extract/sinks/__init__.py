"""Where rows go: files, written beside and renamed last; databases, by upsert."""
