"""From a prompt to tokens: prefix cache, healing, drafts, sampling."""
