"""What must be true of a layer as a whole: one Great Expectations suite per layer boundary."""
