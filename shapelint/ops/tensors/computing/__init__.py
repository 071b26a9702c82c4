"""Operations that compute: entry by entry, along axes, and products."""
