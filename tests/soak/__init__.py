"""Many calls of decorated functions while what they stand on fails: store, plugin, handlers."""
