"""Drawing for people: what is asked for (`wish`, `asking`), by which model (`models`), from which picture (`starts`);
the queue (`desk`) before the one child process that draws (`server`), what it drew (`kept`), and what that resembles
(`resembling`), which words of a prompt no model learnt (`words`), which marks a file has (`marked`). No torch in here.
"""
