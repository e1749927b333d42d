"""The command line: app.py declares it, one module a command does it, prompt.py alone asks, render.py alone prints."""
