"""Programs that write files which are kept in the repository; tests say when they are to be run."""
