"""What do the environment and lines.toml say? Read and checked here, used elsewhere."""
