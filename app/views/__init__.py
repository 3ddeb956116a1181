"""Pages of the browser front door, one module each."""
