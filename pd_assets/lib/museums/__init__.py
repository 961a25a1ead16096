"""What all museums' archives share: the contract that each of them keeps, the parts that its records lie in, values."""
