"""What a user gets, one ability a file, in plain values."""
