"""The HTTP side: one folder per dialect; what they share is how a request gets in and how a refusal looks."""
