"""The parts of the `pdd` command, one module per command. They may print; nothing else imports them."""
