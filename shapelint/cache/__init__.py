"""What earlier runs found, kept on disk, and told again only where it would be found again."""
