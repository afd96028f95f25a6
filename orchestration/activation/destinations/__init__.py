"""What a destination's file may say, by its kind: where segments leave to, and how."""
