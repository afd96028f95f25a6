"""What the identity layer needs beside SQL: checking its policy, replaying links, scoring pairs."""
