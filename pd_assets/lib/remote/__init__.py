"""PD_HOME in a bucket: a working copy on this machine, brought in step with what the bucket holds."""
