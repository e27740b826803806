"""Models on a server that the user runs: llama-server, or any with OpenAI's interface."""
