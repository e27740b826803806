"""The language-server protocol; the only importer of pygls and lsprotocol."""
