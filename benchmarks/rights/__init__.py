"""Labelled file pages, a scorer for any system that decides about them, and three systems. README.md has the format."""
