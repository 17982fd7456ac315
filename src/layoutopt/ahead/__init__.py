"""Years and futures: forecasts, phasing over years, one layout under several scenarios."""
