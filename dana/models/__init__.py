"""Language models: one request, one reply, whoever answers."""
