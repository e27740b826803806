"""Facts about code in the words of documentation."""
