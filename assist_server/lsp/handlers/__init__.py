"""One file per family of protocol methods: convert, call a feature, convert back."""
