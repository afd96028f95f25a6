"""The pages that listen: who may open them, how they are guarded, started and ended."""
