"""What a check tells: its reports, counts and costs, and how far it is."""
