"""Make the environment: only the standard library, because nothing else is there yet."""
