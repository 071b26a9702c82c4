"""What the server tells an editor to show."""
