"""Activation: members leave to where they are used, with consent, and each row's fate is kept."""
