"""What a syntax tree says about source text; the only importer of tree-sitter."""
