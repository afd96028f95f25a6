"""What customers will be worth: probability models, their backtest, and the report about it."""
