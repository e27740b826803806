"""Documentation comments in other languages."""
