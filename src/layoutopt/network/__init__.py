"""Roads to travel: minutes, kilometres and ways between places, on foot and by bus."""
