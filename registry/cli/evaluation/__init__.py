"""What `likeness evaluate` is made of: labels and searches in; tables, charts and a page out, in two languages."""
