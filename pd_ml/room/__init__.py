"""The clean room by the kernel: a training reads what it was given, and nothing else (docs/clean-room.md).

Outside, `entrance` gathers what is given and publishes what was made; `launch` (standard library only, a process of
its own) enters the room step by step; `inside` is what runs there.
"""
