"""Systems that decide about the pages: each is a module with `decisions(pages)`; ours, and two to compare with."""
