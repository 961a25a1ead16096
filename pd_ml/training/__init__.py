"""One loop for every stage: tasks (model, loss, batches, preview, export), checkpoints, the folder of a run."""
