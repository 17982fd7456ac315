"""The bundled studies by name, and the generator of made-up mountain counties."""

from layoutopt.samples.county import County, generate_county
from layoutopt.samples.find import sample, sample_path
from layoutopt.samples.write import write_county

__all__ = ["County", "generate_county", "sample", "sample_path", "write_county"]
