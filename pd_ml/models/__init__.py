"""The networks and the tokenizer: how each is built from its config. Training and losses do not belong in here."""
