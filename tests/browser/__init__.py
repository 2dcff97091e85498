"""The pages in real Chromium: what a person sees, clicks and reads, at the provider and at DREAMS."""
