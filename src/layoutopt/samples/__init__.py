"""The bundled studies and the generator of made-up counties."""
