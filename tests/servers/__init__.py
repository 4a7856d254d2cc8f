"""Real servers for tests: found where the system has them, started on the loopback interface, ended with the tests."""
