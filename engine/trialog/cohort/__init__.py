"""Many patients at once: the kernel over a store, bucket by bucket, and questions about what it found."""
