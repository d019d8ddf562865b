"""What Ollama answers, raw request by raw request: recorded from a genuine one, held against the lab's stand-in."""
