"""Our own dialect, spoken by the command line, the web application and new integrations."""
