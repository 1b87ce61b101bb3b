"""What a person or a monitor may read of the running bridge."""
