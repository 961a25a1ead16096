"""Tests of one running `pdd up`: they go to one worker, and it ends with the last of them."""
