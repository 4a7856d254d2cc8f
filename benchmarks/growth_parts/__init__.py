"""What `benchmarks/run morphogenesis` is made of: the tasks, and how their runs are spread, recorded and resumed."""
