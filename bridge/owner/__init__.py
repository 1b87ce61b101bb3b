"""What a server owner runs once: set-up, diagnosis, installing the resource, sample pushes."""
