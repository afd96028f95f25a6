"""Which clause of a segment's definition let a person in or out, kept with each run."""
