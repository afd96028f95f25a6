"""What the identity layer needs beside SQL: training and scoring of probabilistic links."""
