"""The names and options of the commands; what they do is imported where it is done."""
