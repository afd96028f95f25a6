"""The policy seeds that Python follows, and the checks that refuse what can't be followed."""
