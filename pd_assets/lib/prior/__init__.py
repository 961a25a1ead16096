"""Coming from the prior system, PD-Diffusion: its titles become work for the sync, its labels a source of labels.

What it says of rights is never read: every title goes through the whole line as if nobody had said anything of it.
"""
