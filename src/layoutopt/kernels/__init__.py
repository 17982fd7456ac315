"""Location and routing on plain arrays: no schools, no files, every answer with a bound."""
