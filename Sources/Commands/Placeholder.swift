// Replaced by the module's first noun.
