"""The model for other editors and tools: OpenAI's interface and llama.cpp's, over HTTP."""
