"""HTTP: request and response models, and the routes under /api and /v1."""
