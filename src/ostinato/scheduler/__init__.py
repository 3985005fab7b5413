"""The control loops. Each is one function that does what is due and says how much it did; none runs user code."""
