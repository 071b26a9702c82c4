"""Operations that hand numbers on: they cut, exchange, join, pick and pack the axes that there are."""
