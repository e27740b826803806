"""Syntax trees and what is read from them; the only importer of tree-sitter."""
