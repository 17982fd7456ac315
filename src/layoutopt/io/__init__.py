"""Files to plain tables and back; the coordinate system is settled here, once. Knows no schools."""
