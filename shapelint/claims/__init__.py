"""What torch will show if a finding is true: a property of the program's values, a file each."""
