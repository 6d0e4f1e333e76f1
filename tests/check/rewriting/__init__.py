"""Programs that use every feature of the language, and what runs them plainly and rewritten."""
